// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
package import MessagePassing
package import ParallelHDF5

/// The matrix A (n x d) in a dataset of an HDF5 file, open on every rank; seen transposed if the
/// block axis is the rows of the file.
package final class InputMatrix {
  /// The path of the file.
  package let path: String
  /// The path of the dataset in it.
  package let dataset: Dataset
  package let datasetPath: String
  /// `columns`, or `rows` if A is the transpose of what the file holds.
  package let axis: BlockAxis
  /// n, the rows of A.
  package let rows: Int
  /// d, the columns of A.
  package let columns: Int

  /// Bytes of its elements.
  var byteCount: Int { rows * columns * dataset.elementByteCount }

  private let file: HDF5File
  private let identity: FileIdentity

  /// Opens and checks the input on the root first, then on every rank, and checks that all ranks
  /// see the same file. Collective. Throws `InputError`.
  package init(path: String, dataset: String?, axis: BlockAxis, on world: Communicator) throws {
    var selected: [UInt8] = []
    try world.agreeOnRoot {
      selected = Array(try HDF5File(reading: path).selectMatrix(dataset).utf8)
    }
    selected = try world.broadcast(selected, from: 0, filler: 0)
    let object = String(decoding: selected, as: UTF8.self)
    let opened = try world.agree {
      let identity = try FileIdentity(of: path)
      let file = try HDF5File(reading: path)
      return (identity, file, try file.dataset(object, chunkCacheBytes: Self.chunkCacheBytes))
    }
    self.path = path
    (identity, file, self.dataset) = opened
    datasetPath = object
    self.axis = axis.resolved(for: self.dataset)
    let shape = self.dataset.shape
    (rows, columns) = self.axis == .rows ? (shape[1], shape[0]) : (shape[0], shape[1])
    try checkSameFile(on: world)
  }

  /// Holds the chunks at the edge of a tile until the next tile reads them again.
  static let chunkCacheBytes = 32 << 20

  private func checkSameFile(on world: Communicator) throws {
    var least = identity.acrossNodes
    var most = least
    try world.allReduce(&least, .min)
    try world.allReduce(&most, .max)
    try world.agreeOnRoot {
      guard least == most else {
        let difference =
          least[0] == most[0]
          ? "times of change or contents differ" : "sizes from \(least[0]) to \(most[0]) bytes"
        throw InputError.badData(
          "\(path): is not the same file on every rank (\(difference)); all nodes must see one file"
        )
      }
    }
  }

  /// Throws if the file has changed since it was opened: HDF5 would have read zeros or other data.
  package func checkUnchanged() throws {
    guard try FileIdentity(of: path) == identity else {
      throw InputError.badData("\(path): has changed while it was read; nothing was written")
    }
  }

  /// Reads A[rows, columns] into `buffer` as float32 and returns it as a view of rows.count x
  /// columns.count.
  package func read(
    rows: Range<Int>, columns: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws -> MatrixView<Float> {
    if axis == .rows {
      try dataset.read(rows: columns, columns: rows, into: buffer)
    } else {
      try dataset.read(rows: rows, columns: columns, into: buffer)
    }
    return view(rows: rows, columns: columns, of: buffer)
  }

  /// Says that A[rows, columns] will be read soon.
  package func expect(rows: Range<Int>, columns: Range<Int>) {
    if axis == .rows {
      dataset.expect(rows: columns, columns: rows)
    } else {
      dataset.expect(rows: rows, columns: columns)
    }
  }

  /// A[rows, columns] in a buffer that it was read into.
  package func view(
    rows: Range<Int>, columns: Range<Int>, of buffer: UnsafeMutableBufferPointer<Float>
  ) -> MatrixView<Float> {
    let (high, wide) = axis == .rows ? (columns.count, rows.count) : (rows.count, columns.count)
    let stored = MatrixView(buffer.baseAddress, rows: high, columns: wide, stride: wide)
    return axis == .rows ? stored.transposed : stored
  }

  /// The element of A as it is counted in the file, for messages.
  func placeInFile(row: Int, column: Int) -> (row: Int, column: Int) {
    axis == .rows ? (column, row) : (row, column)
  }
}
