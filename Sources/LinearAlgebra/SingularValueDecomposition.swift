// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

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
