// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

/// The leading eigenvalues and eigenvectors of a symmetric matrix (`dsyevr`).
package struct SymmetricEigen {
  /// Descending.
  package let values: [Double]
  /// One eigenvector a row (count x order).
  package let vectors: SmallMatrix

  /// Of a small matrix, of which the upper triangle is read; about 4 order^3 / 3 flops and 2 order^2
  /// count more. Throws ``LinearAlgebraError`` if it does not converge.
  package init(leading count: Int, of matrix: SmallMatrix) throws(LinearAlgebraError) {
    let order = matrix.rows
    precondition(matrix.columns == order && (1...max(order, 1)).contains(count))
    var a = matrix.elements
    var w = [Double](repeating: 0, count: order)
    var z = [Double](repeating: 0, count: order * count)
    var support = [Int32](repeating: 0, count: 2 * count)
    var found: Int32 = 0
    // The upper triangle by rows is the lower one by columns.
    try LinearAlgebraError.check(
      LAPACKE_dsyevr(
        LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "V")),
        CChar(bitPattern: UInt8(ascii: "I")), CChar(bitPattern: UInt8(ascii: "L")),
        blasInt(order, "dsyevr"), &a, blasInt(order, "dsyevr"), 0, 0,
        blasInt(order - count + 1, "dsyevr"), blasInt(order, "dsyevr"), 0, &found, &w, &z,
        blasInt(order, "dsyevr"), &support), "dsyevr", rows: order, columns: order)
    values = Array(w[..<count].reversed())
    // LAPACK's vectors are columns in ascending order of their values.
    vectors = SmallMatrix(
      rows: count, columns: order,
      elements: (0..<count).reversed().flatMap { z[$0 * order..<($0 + 1) * order] })
  }
}
