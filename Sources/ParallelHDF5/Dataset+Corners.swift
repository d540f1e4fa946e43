// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

extension Dataset {
  /// Reads the elements at the corners of a matrix, by way of all that leads to them; in chunks that
  /// are large, only looks the chunks up.
  package func readCorners() throws {
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else { return }
    for row in Set([0, shape[0] - 1]) {
      for column in Set([0, shape[1] - 1]) {
        if let chunk { try lookUp(chunk, row, column) }
        if chunkBytes <= Self.smallChunk { try readElement(row, column) }
      }
    }
  }

  private static let smallChunk = 1 << 20

  private var chunkBytes: Int {
    (chunk ?? []).reduce(elementByteCount) { $0.multipliedReportingOverflow(by: $1).partialValue }
  }

  private func readElement(_ row: Int, _ column: Int) throws {
    var element: Float = 0
    try withUnsafeMutablePointer(to: &element) {
      try read(
        rows: row..<(row + 1), columns: column..<(column + 1),
        into: UnsafeMutableBufferPointer(start: $0, count: 1))
    }
  }

  private func lookUp(_ chunk: [Int], _ row: Int, _ column: Int) throws {
    guard chunk.allSatisfy({ $0 > 0 }), storedByteCount > 0 else { return }
    var offset = [hsize_t(row / chunk[0] * chunk[0]), hsize_t(column / chunk[1] * chunk[1])]
    var filters: UInt32 = 0
    var address: haddr_t = 0
    var size: hsize_t = 0
    try check(
      H5Dget_chunk_info_by_coord(handle.id, &offset, &filters, &address, &size),
      "H5Dget_chunk_info_by_coord", name)
  }
}
