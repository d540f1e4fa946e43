// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

/// G = L L^T of a symmetric positive definite matrix (`dpotrf`).
package struct Cholesky {
  /// L, lower triangular, zeros above.
  package let lower: SmallMatrix

  /// Of a small matrix, of which the lower triangle is read; order^3 / 3 flops. Throws
  /// ``LinearAlgebraError`` if it is not positive definite.
  package init(_ matrix: SmallMatrix) throws(LinearAlgebraError) {
    let order = matrix.rows
    precondition(matrix.columns == order)
    var elements = matrix.elements
    if order > 0 {
      // The lower triangle by rows is the upper one by columns.
      try LinearAlgebraError.check(
        LAPACKE_dpotrf(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "U")), blasInt(order, "dpotrf"),
          &elements, blasInt(order, "dpotrf")), "dpotrf", rows: order, columns: order)
    }
    for i in 0..<order {
      for j in i + 1..<max(order, i + 1) { elements[i * order + j] = 0 }
    }
    lower = SmallMatrix(rows: order, columns: order, elements: elements)
  }

  /// B G^-1 for a matrix B with as many columns as G (`dpotrs`).
  package func solve(rightSide b: SmallMatrix) throws(LinearAlgebraError) -> SmallMatrix {
    precondition(b.columns == lower.rows)
    var solution = b.elements
    var factor = lower.elements
    if !solution.isEmpty {
      // By rows, B is B^T by columns: G X^T = B^T.
      try LinearAlgebraError.check(
        LAPACKE_dpotrs(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "U")), blasInt(lower.rows, "dpotrs"),
          blasInt(b.rows, "dpotrs"), &factor, blasInt(lower.rows, "dpotrs"), &solution,
          blasInt(lower.rows, "dpotrs")), "dpotrs", rows: lower.rows, columns: b.rows)
    }
    return SmallMatrix(rows: b.rows, columns: b.columns, elements: solution)
  }

  /// L^-1, lower triangular (`dtrtri`); order^3 / 3 flops.
  package func inverse() throws(LinearAlgebraError) -> SmallMatrix {
    var inverse = lower
    if lower.rows > 0 {
      try LinearAlgebraError.check(
        LAPACKE_dtrtri(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "U")),
          CChar(bitPattern: UInt8(ascii: "N")), blasInt(lower.rows, "dtrtri"), &inverse.elements,
          blasInt(lower.rows, "dtrtri")), "dtrtri", rows: lower.rows, columns: lower.rows)
    }
    return inverse
  }
}
