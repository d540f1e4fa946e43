// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

/// A = Q R of a row-major matrix (p x m): A is overwritten by Q (p x q, q = min(p, m), in its first
/// q columns), and R (q x m, upper trapezoidal, row-major) is returned.
///
/// A row-major matrix is its transpose in LAPACK's eyes, so this is the LQ factorization of that
/// (`dgelqf`, `dorglq`), which needs no copies. About 4 p m^2 flops.
package func qr(inPlace a: MatrixView<Double>) throws(LinearAlgebraError) -> [Double] {
  precondition(!a.isTransposed, "QR of a transposed view")
  let (p, m) = (a.rows, a.columns)
  let q = min(p, m)
  guard q > 0, let base = a.base else { return [] }
  let stride = blasInt(a.stride, "dgelqf")
  var reflectors = [Double](repeating: 0, count: q)
  try LinearAlgebraError.check(
    LAPACKE_dgelqf(
      LAPACK_COL_MAJOR, blasInt(m, "dgelqf"), blasInt(p, "dgelqf"), base, stride, &reflectors),
    "dgelqf", rows: p, columns: m)
  var r = [Double](repeating: 0, count: q * m)
  for i in 0..<q {
    for j in i..<m { r[i * m + j] = base[i * a.stride + j] }
  }
  try LinearAlgebraError.check(
    LAPACKE_dorglq(
      LAPACK_COL_MAJOR, blasInt(q, "dorglq"), blasInt(p, "dorglq"), blasInt(q, "dorglq"), base,
      stride, reflectors),
    "dorglq", rows: p, columns: m)
  return r
}

/// A small matrix as a value: what travels between ranks and stands in results.
package struct SmallMatrix: Equatable, Sendable {
  package let rows: Int
  package let columns: Int
  /// Row-major.
  package var elements: [Double]

  package init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns, "\(elements.count) of \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// The matrix of zeros with ones on its diagonal.
  package static func identity(_ order: Int) -> SmallMatrix {
    var matrix = SmallMatrix(
      rows: order, columns: order, elements: [Double](repeating: 0, count: order * order))
    for i in 0..<order { matrix[i, i] = 1 }
    return matrix
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// A B, with A this matrix.
  package func times(_ other: SmallMatrix) -> SmallMatrix {
    var a = elements
    var b = other.elements
    var c = [Double](repeating: 0, count: rows * other.columns)
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          multiply(
            MatrixView(a.baseAddress, rows: rows, columns: columns, stride: columns),
            MatrixView(
              b.baseAddress, rows: other.rows, columns: other.columns, stride: other.columns),
            into: MatrixView(
              c.baseAddress, rows: rows, columns: other.columns, stride: other.columns))
        }
      }
    }
    return SmallMatrix(rows: rows, columns: other.columns, elements: c)
  }

  /// The transposed matrix.
  package var transposed: SmallMatrix {
    var result = SmallMatrix(
      rows: columns, columns: rows, elements: [Double](repeating: 0, count: elements.count))
    for i in 0..<rows {
      for j in 0..<columns { result[j, i] = self[i, j] }
    }
    return result
  }

  /// The elements rounded to single precision, as a matrix for products.
  package func rounded() -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    for (index, element) in elements.enumerated() { matrix.elements[index] = Float(element) }
    return matrix
  }
}

/// M = U diag(s) V^T (`dgesdd`).
package struct SingularValueDecomposition {
  /// rows x q, q = min(rows, columns).
  package let u: SmallMatrix
  /// q singular values in descending order.
  package let values: [Double]
  /// q x columns.
  package let vt: SmallMatrix

  /// Of a small matrix; about 20 m^3 flops for m x m.
  package init(_ matrix: SmallMatrix) throws(LinearAlgebraError) {
    let (p, m) = (matrix.rows, matrix.columns)
    let q = min(p, m)
    var a = matrix.elements
    var s = [Double](repeating: 0, count: q)
    // Row-major M is M^T = V diag(s) U^T to LAPACK, whose "U" (m x q) is our V^T read by rows.
    var vt = [Double](repeating: 0, count: q * m)
    var u = [Double](repeating: 0, count: p * q)
    if q > 0 {
      try LinearAlgebraError.check(
        LAPACKE_dgesdd(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "S")), blasInt(m, "dgesdd"),
          blasInt(p, "dgesdd"), &a, blasInt(m, "dgesdd"), &s, &vt, blasInt(m, "dgesdd"), &u,
          blasInt(q, "dgesdd")),
        "dgesdd", rows: p, columns: m)
    }
    self.u = SmallMatrix(rows: p, columns: q, elements: u)
    self.values = s
    self.vt = SmallMatrix(rows: q, columns: m, elements: vt)
  }

  /// The Moore-Penrose inverse, V diag(1/s) U^T over the singular values above `cutoff` times the
  /// largest one.
  package func pseudoinverse(cutoff: Double) -> SmallMatrix {
    let least = cutoff * (values.first ?? 0)
    var scaled = vt
    for (i, value) in values.enumerated() {
      let factor = value > least ? 1 / value : 0
      for j in 0..<vt.columns { scaled[i, j] *= factor }
    }
    return scaled.transposed.times(u.transposed)
  }
}
