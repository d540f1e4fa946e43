// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

/// A = Q R of a row-major matrix (p x m): A is overwritten by Q (p x q, q = min(p, m), in its first
/// q columns), and R (q x m, upper trapezoidal, row-major) is returned.
///
/// A row-major matrix is its transpose in LAPACK's eyes, so this is the LQ factorization of that
/// (`dgelqf`, `dorglq`), which needs no copies. About 4 p m^2 flops.
package func qr(inPlace a: MatrixView<Double>) throws(LinearAlgebraError) -> [Double] {
  let (r, reflectors) = try reflect(inPlace: a)
  guard let base = a.base, !reflectors.isEmpty else { return r }
  let q = reflectors.count
  try LinearAlgebraError.check(
    LAPACKE_dorglq(
      LAPACK_COL_MAJOR, blasInt(q, "dorglq"), blasInt(a.rows, "dorglq"), blasInt(q, "dorglq"),
      base, blasInt(a.stride, "dorglq"), reflectors), "dorglq", rows: a.rows, columns: a.columns)
  return r
}

/// R alone of A = Q R; A is overwritten by nothing of use. About 2 p m^2 flops.
func triangle(overwriting a: MatrixView<Double>) throws(LinearAlgebraError) -> [Double] {
  try reflect(inPlace: a).r
}

private func reflect(inPlace a: MatrixView<Double>) throws(LinearAlgebraError)
  -> (r: [Double], reflectors: [Double])
{
  precondition(!a.isTransposed, "QR of a transposed view")
  let (p, m) = (a.rows, a.columns)
  let q = min(p, m)
  guard q > 0, let base = a.base else { return ([], []) }
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
  return (r, reflectors)
}
