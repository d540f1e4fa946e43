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
  ///   - directions: of B^T.
  ///
  /// B^T = Q_B R and R = U_R diag(s) V_R^T give A_m = Q B = (Q V_R) diag(s) (Q_B U_R)^T, and
  /// Q_B U_R diag(s) = B^T V_R. 2 (n + d) m^2 flops over all ranks.
  init(
    basis: consuming Matrix<Float>, basisGrid: BlockPartition, product: consuming Matrix<Float>,
    productGrid: BlockPartition, directions: SingularDirections, energy: Double,
    on world: Communicator
  ) {
    values = directions.values
    let v = directions.vt.transposed
    let roots = values.map { $0.squareRoot() }
    left = basis.times(v.scalingColumns(by: roots).rounded(), blocks: basisGrid, of: world.rank)
    right = product.times(
      v.scalingColumns(by: roots.map { $0 > 0 ? 1 / $0 : 0 }).rounded(), blocks: productGrid,
      of: world.rank)
    self.energy = energy
  }

  /// From its parts, which are columns of U and V times the roots of the singular values.
  init(
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
}

/// The singular values and right singular vectors of a tall matrix whose rows are spread over ranks.
struct SingularDirections {
  /// Descending; those that are more than rounding errors, and at least one.
  let values: [Double]
  /// One direction a row.
  let vt: SmallMatrix

  /// From the R of a TSQR, by the root; the same on every rank. Collective; about 20 m^3 flops.
  init(of matrix: borrowing Matrix<Float>, _ grid: BlockPartition, on world: Communicator) throws {
    let m = matrix.columns
    let triangle = try TSQR(partition: grid, columns: m, world: world).triangle(of: matrix)
    var flat: [Double] = []
    try world.agreeOnRoot {
      let svd = try SingularValueDecomposition(triangle)
      flat = svd.values + svd.vt.elements
    }
    flat = try world.broadcast(flat, from: 0, filler: 0)
    let count = flat.count / (m + 1)
    let kept = max(1, flat[..<count].prefix { $0 > Self.cutoff * flat[0] }.count)
    values = Array(flat[..<kept])
    vt = SmallMatrix(rows: kept, columns: m, elements: Array(flat[count..<count + kept * m]))
  }

  /// Directions below the rounding errors of single precision are noise.
  static let cutoff = 1e-7
}
