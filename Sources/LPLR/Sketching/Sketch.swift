// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// A distribution of random d x m matrices S with independent rows, from which any rows can be made
/// without the others.
protocol Sketch {
  /// Row `index` of S: m numbers of mean 0 and variance 1.
  func fillRow(_ row: UnsafeMutableBufferPointer<Float>, index: Int)
}

/// The sketches that ship; the only place where they are chosen.
package enum SketchKind: String, CaseIterable, Sendable {
  /// A few signs in each row, applied without a product (``BasisKind/svd`` only).
  case sparse
  /// Independent signs, +1 or -1, exact in any floating-point format.
  case signs
  /// Independent standard normal numbers, as published.
  case gaussian

  /// The sketch by a product.
  func dense(seed: UInt64) -> any Sketch {
    switch self {
    case .signs, .sparse: SignSketch(random: Philox(seed: seed, stream: 1))
    case .gaussian: GaussianSketch(random: Philox(seed: seed, stream: 2))
    }
  }
}

/// Rows of independent signs. Deviation from the paper, which scales by 1 / sqrt(m): a factor of S
/// cancels in L W = L argmin ||L W - A||.
struct SignSketch: Sketch {
  let random: Philox

  func fillRow(_ row: UnsafeMutableBufferPointer<Float>, index: Int) {
    random.fillSigns(row, index: index)
  }
}

/// Rows of independent standard normal numbers.
struct GaussianSketch: Sketch {
  let random: Philox

  func fillRow(_ row: UnsafeMutableBufferPointer<Float>, index: Int) {
    random.fillNormal(row, index: index)
  }
}

extension Sketch {
  /// S[rows, :] as a matrix (rows.count x width).
  func rows(_ rows: Range<Int>, width: Int) -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows.count, columns: width, repeating: 0)
    for (row, index) in zip(matrix.view.storedRows, rows) { fillRow(row, index: index) }
    return matrix
  }
}
