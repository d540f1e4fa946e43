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
    if case .chunks = path { return }
    try checkLength(of: offset, stored: Int(clamping: size))
  }

  /// HDF5 believes that a chunk is as long as its elements, and reads beyond it if their size is
  /// damaged. To see it, filters are undone here, if they are known.
  private func checkLength(of offset: [hsize_t], stored: Int) throws {
    let creation = try HDF5Handle(
      H5Dget_create_plist(handle.id), "H5Dget_create_plist", name, close: H5Pclose)
    var options: UInt32 = 0
    guard stored > 0, let filters = ChunkFilters(creation.id),
      H5Pget_chunk_opts(creation.id, &options) >= 0, options == 0,
      (1...Self.largestDecoded).contains(chunkBytes)
    else { return }
    func damage(_ text: String) -> InputError {
      .damagedChunk(of: name, row: Int(offset[0]), column: Int(offset[1]), text)
    }
    guard stored <= filters.mostStored(of: chunkBytes), !filters.isEmpty || stored == chunkBytes
    else { throw damage("is stored in \(stored) bytes, expected \(chunkBytes)") }
    guard !filters.isEmpty else { return }
    var buffer = ByteBuffer()
    buffer.reset(count: stored)
    var skipped: UInt32 = 0
    try check(
      H5Dread_chunk(handle.id, lplr_h5_default(), offset, &skipped, buffer.base), "H5Dread_chunk",
      name)
    do throws(ChunkDamage) {
      try filters.undo(on: &buffer, skipped: skipped, to: chunkBytes)
    } catch {
      throw damage(error.text)
    }
  }

  private static let largestDecoded = 1 << 30
}
