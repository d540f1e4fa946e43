// SPDX-License-Identifier: Apache-2.0

internal import CScaLAPACK
package import MessagePassing

/// The leading part of the singular value decomposition of a matrix that fits into the memory of
/// all ranks together, by ScaLAPACK (`pdgesvd`).
///
/// The reference that randomized bases are held against. Its last bits depend on the number of
/// ranks, its time is that of a full SVD: about 4 n d min(n, d) flops and more.
package struct DistributedSVD: ~Copyable {
  /// All min(n, d) singular values, descending.
  package let values: [Double]
  /// This rank's rows of U (of `slab(of: rank, extent: n)`) x k.
  package let left: Matrix<Float>
  /// This rank's rows of V (of `slab(of: rank, extent: d)`) x k.
  package let right: Matrix<Float>

  /// The rows or columns that a rank holds: contiguous, equally many but for the last ones.
  package static func slab(of rank: Int, extent: Int, ranks: Int) -> Range<Int> {
    let size = (extent + ranks - 1) / ranks
    return min(rank * size, extent)..<min((rank + 1) * size, extent)
  }

  /// Of A (n x d), of which `columns` holds this rank's columns, one a row (d_p x n). Collective;
  /// needs about (2 n d + 2 min(n, d) (n + d)) / ranks numbers of 8 bytes a rank.
  package static func leading(
    _ k: Int, ofColumns columns: borrowing Matrix<Float>, rows n: Int, columns d: Int,
    on world: Communicator
  ) throws -> DistributedSVD {
    let q = min(n, d)
    precondition(k <= q && columns.columns == n)
    let across = ProcessGrid(rows: 1, columns: world.size, on: world)
    let down = ProcessGrid(rows: world.size, columns: 1, on: world)
    let square = ProcessGrid.square(on: world)
    func slabSize(_ extent: Int) -> Int { (extent + world.size - 1) / world.size }
    let blocks = (rows: blockSize, columns: blockSize)

    let input = try DistributedMatrix(
      rows: n, columns: d, blocks: (n, slabSize(d)), on: across)
    precondition(input.localColumns == columns.rows)
    for index in columns.elements.indices {
      input.elements[index] = Double(columns.elements[index])
    }
    let a = try DistributedMatrix(rows: n, columns: d, blocks: blocks, on: square)
    input.copyLeading(to: a, through: across)
    input.elements = []

    let u = try DistributedMatrix(rows: n, columns: q, blocks: blocks, on: square)
    let vt = try DistributedMatrix(rows: q, columns: d, blocks: blocks, on: square)
    let values = try factor(a, u, vt)

    let uSlab = try DistributedMatrix(rows: n, columns: k, blocks: (slabSize(n), k), on: down)
    u.copyLeading(to: uSlab, through: across)
    let vtSlab = try DistributedMatrix(rows: k, columns: d, blocks: (k, slabSize(d)), on: across)
    vt.copyLeading(to: vtSlab, through: across)
    let left = Matrix<Float>(rows: uSlab.localRows, columns: k, repeating: 0)
    for row in 0..<left.rows {
      for column in 0..<k { left[row, column] = Float(uSlab.elements[column * left.rows + row]) }
    }
    // V^T by columns is V by rows.
    let right = Matrix<Float>(rows: vtSlab.localColumns, columns: k, repeating: 0)
    for index in right.elements.indices { right.elements[index] = Float(vtSlab.elements[index]) }
    return DistributedSVD(values: values, left: left, right: right)
  }

  private static let blockSize = 64

  /// A = U diag(s) V^T; A is overwritten.
  private static func factor(
    _ a: DistributedMatrix, _ u: DistributedMatrix, _ vt: DistributedMatrix
  ) throws(LinearAlgebraError) -> [Double] {
    let (n, d) = (Int32(a.rows), Int32(a.columns))
    var values = [Double](repeating: 0, count: min(a.rows, a.columns))
    var info: Int32 = 0
    func run(_ work: inout [Double], _ length: Int32) {
      pdgesvd_(
        "V", "V", [n], [d], &a.elements, [1], [1], a.descriptor, &values, &u.elements, [1], [1],
        u.descriptor, &vt.elements, [1], [1], vt.descriptor, &work, [length], &info)
    }
    var size = [0.0]
    run(&size, -1)
    try LinearAlgebraError.check(info, "pdgesvd", rows: a.rows, columns: a.columns)
    guard let length = Int32(exactly: size[0].rounded(.up) + 1) else {
      throw LinearAlgebraError(
        routine: "pdgesvd's 32-bit workspace", info: -1, shape: (a.rows, a.columns))
    }
    var work = [Double](repeating: 0, count: Int(length))
    run(&work, length)
    try LinearAlgebraError.check(info, "pdgesvd", rows: a.rows, columns: a.columns)
    return values
  }
}
