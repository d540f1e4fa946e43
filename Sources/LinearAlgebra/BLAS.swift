// SPDX-License-Identifier: Apache-2.0

internal import CLAPACK

/// The BLAS in use and how it is set.
package enum BLAS {
  /// Sets one thread: a product's last bits depend on the number of threads, and the ranks of a
  /// node use its cores already.
  package static func useOneThread() { openblas_set_num_threads(1) }

  /// The kernels that OpenBLAS chose for this processor; its results differ between them.
  package static var coreName: String {
    openblas_get_corename().map { String(cString: $0) } ?? "unknown"
  }
}

/// C = alpha A B + beta C, with A (m x k) and B (k x n) either way up and C (m x n) row-major
/// (`sgemm`); C is left as it is if k = 0. 2 m n k flops.
package func multiply(
  _ a: MatrixView<Float>, _ b: MatrixView<Float>, into c: MatrixView<Float>, alpha: Float = 1,
  beta: Float = 0
) {
  checkShapes(a, b, c)
  guard c.rows > 0, c.columns > 0, a.columns > 0 else { return }
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
    b.isTransposed ? CblasTrans : CblasNoTrans, blasInt(c.rows, "sgemm"),
    blasInt(c.columns, "sgemm"), blasInt(a.columns, "sgemm"), alpha, a.base,
    blasInt(a.stride, "sgemm"), b.base, blasInt(b.stride, "sgemm"), beta, c.base,
    blasInt(c.stride, "sgemm"))
}

/// The same in double precision (`dgemm`).
package func multiply(
  _ a: MatrixView<Double>, _ b: MatrixView<Double>, into c: MatrixView<Double>, alpha: Double = 1,
  beta: Double = 0
) {
  checkShapes(a, b, c)
  guard c.rows > 0, c.columns > 0, a.columns > 0 else { return }
  cblas_dgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
    b.isTransposed ? CblasTrans : CblasNoTrans, blasInt(c.rows, "dgemm"),
    blasInt(c.columns, "dgemm"), blasInt(a.columns, "dgemm"), alpha, a.base,
    blasInt(a.stride, "dgemm"), b.base, blasInt(b.stride, "dgemm"), beta, c.base,
    blasInt(c.stride, "dgemm"))
}

/// The upper triangle of G = A^T A for A (k x m) either way up, G (m x m) row-major (`dsyrk`). k m^2 flops.
func gram(of a: MatrixView<Double>, into g: borrowing Matrix<Double>) {
  let m = a.columns
  precondition(g.rows == m && g.columns == m, "Gram matrix of \(m) columns into \(g.rows)")
  guard m > 0 else { return }
  cblas_dsyrk(
    CblasRowMajor, CblasUpper, a.isTransposed ? CblasNoTrans : CblasTrans, blasInt(m, "dsyrk"),
    blasInt(a.rows, "dsyrk"), 1, a.base, blasInt(max(a.stride, 1), "dsyrk"), 0,
    g.elements.baseAddress, blasInt(m, "dsyrk"))
}

private func checkShapes<Scalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ c: MatrixView<Scalar>
) {
  precondition(
    a.columns == b.rows && a.rows == c.rows && b.columns == c.columns && !c.isTransposed,
    "product of \(a.rows) x \(a.columns) and \(b.rows) x \(b.columns) into "
      + "\(c.rows) x \(c.columns)\(c.isTransposed ? " transposed" : "")")
}
