// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A_m = X_L X_R^T, the part of A that the reads have caught, in ordered singular directions:
///
///     X_L = U diag(s)^(1/2),   X_R = V diag(s)^(1/2),   U^T U = V^T V = I.
///
/// From here on A is not needed. This rank holds its rows of X_L (n_p x k) and X_R (d_p x k).
struct SpectralForm: ~Copyable {
  let left: Matrix<Float>
  let right: Matrix<Float>
  /// s, descending, k values.
  let values: [Double]
  /// ||A||_F^2.
  let energy: Double

  /// ||A - A_m||_F^2: exact for orthonormal U, down to the rounding errors of single precision.
  var tail: Double { max(0, energy - values.reduce(0) { $0 + $1 * $1 }) }

  /// From an orthonormal basis of one side and A multiplied by it on the other.
  ///
  /// - Parameters:
  ///   - basis: this rank's rows of Q (n_p x m), Q^T Q = I; they become those of X_L.
  ///   - product: this rank's columns of B = Q^T A, transposed (d_p x m); they become X_R.
  ///   - triangle: R of B^T = Q_B R.
  ///
  /// B^T = Q_B R and R = U_R diag(s) V_R^T give A_m = Q B = (Q V_R) diag(s) (Q_B U_R)^T, and
  /// Q_B U_R diag(s) = B^T V_R. Collective; 2 (n + d) m^2 flops over all ranks.
  init(
    basis: consuming Matrix<Float>, basisGrid: BlockPartition, product: consuming Matrix<Float>,
    productGrid: BlockPartition, triangle: SmallMatrix, energy: Double, on world: Communicator
  ) throws {
    var flat: [Double] = []
    let m = triangle.columns
    try world.agreeOnRoot {
      let svd = try SingularValueDecomposition(triangle)
      flat = svd.values + svd.vt.elements
    }
    flat = try world.broadcast(flat, from: 0, filler: 0)
    let count = flat.count / (m + 1)
    // Directions below the rounding of single precision are noise.
    let kept = max(1, flat[..<count].prefix { $0 > Self.cutoff * flat[0] }.count)
    values = Array(flat[..<kept])
    let directions = SmallMatrix(
      rows: kept, columns: m, elements: Array(flat[count..<count + kept * m])
    ).transposed
    let roots = values.map { $0.squareRoot() }
    left = basis.times(
      directions.scalingColumns(by: roots).rounded(), panels: basisGrid, of: world.rank)
    right = product.times(
      directions.scalingColumns(by: roots.map { $0 > 0 ? 1 / $0 : 0 }).rounded(),
      panels: productGrid, of: world.rank)
    self.energy = energy
  }

  private init(
    left: consuming Matrix<Float>, right: consuming Matrix<Float>, values: [Double], energy: Double
  ) {
    self.left = left
    self.right = right
    self.values = values
    self.energy = energy
  }

  /// The same for the transposed matrix.
  consuming func transposed() -> SpectralForm {
    SpectralForm(left: right, right: left, values: values, energy: energy)
  }

  private static let cutoff = 1e-7
}
