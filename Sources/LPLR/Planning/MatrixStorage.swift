// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

/// What a plan must know of a matrix: how it stands in its file.
package struct MatrixStorage: Sendable {
  /// As in the file.
  package let rows: Int
  package let columns: Int
  package let typeName: String
  /// Bytes of an element.
  package let elementByteCount: Int
  /// nil: contiguous.
  package let chunk: [Int]?
  /// Whether reading is copying, and nothing has to be converted or decoded.
  package let isPlain: Bool

  package init(
    rows: Int, columns: Int, typeName: String, elementByteCount: Int, chunk: [Int]? = nil,
    isPlain: Bool = true
  ) {
    (self.rows, self.columns) = (rows, columns)
    (self.typeName, self.elementByteCount, self.chunk) = (typeName, elementByteCount, chunk)
    self.isPlain = isPlain
  }

  /// Of a matrix in a file, which is opened and not read. Throws `InputError`.
  package init(path: String, dataset: String?) throws {
    let file = try HDF5File(reading: path)
    self.init(of: try file.dataset(try file.selectMatrix(dataset)))
  }

  init(of dataset: Dataset) {
    self.init(
      rows: dataset.shape[0], columns: dataset.shape[1], typeName: dataset.typeName,
      elementByteCount: dataset.elementByteCount, chunk: dataset.chunk, isPlain: dataset.isPlain)
  }
}
