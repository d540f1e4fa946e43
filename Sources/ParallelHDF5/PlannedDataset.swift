// SPDX-License-Identifier: Apache-2.0

/// A dataset that all ranks write together.
package struct PlannedDataset: Sendable {
  package let path: String
  package let rows: Int
  package let columns: Int
  package let type: ElementType
  /// Rows and columns of a chunk, nil for contiguous storage.
  package let chunk: (rows: Int, columns: Int)?
  /// Whether blocks of rows get checksums of their own, so that a reader of a few rows can check
  /// them; contiguous storage only.
  package let hasBlockChecksums: Bool

  package init(
    path: String, rows: Int, columns: Int, type: ElementType,
    chunk: (rows: Int, columns: Int)? = nil, hasBlockChecksums: Bool = false
  ) {
    precondition(chunk == nil || !hasBlockChecksums)
    self.hasBlockChecksums = hasBlockChecksums
    self.path = path
    self.rows = rows
    self.columns = columns
    self.type = type
    self.chunk = chunk
  }

  /// Rows and columns of chunks.
  package var chunkCounts: (rows: Int, columns: Int) {
    guard let chunk else { return (1, 1) }
    return ((rows + chunk.rows - 1) / chunk.rows, (columns + chunk.columns - 1) / chunk.columns)
  }

  /// Bytes in the file: whole chunks.
  package var byteCount: Int {
    let elements =
      chunk.map { chunkCounts.rows * chunkCounts.columns * $0.rows * $0.columns } ?? rows * columns
    return elements * type.byteCount
  }

  /// The rows that a checksum is for: 64 KiB, whatever the number of ranks. Nil without checksums.
  package var rowsPerChecksum: Int? {
    hasBlockChecksums ? max(1, Self.checksummedBytes / max(1, columns * type.byteCount)) : nil
  }

  private static let checksummedBytes = 1 << 16

  /// The bytes that a checksum is for.
  var checksumBlock: Int? {
    byteCount > 0 ? rowsPerChecksum.map { $0 * columns * type.byteCount } : nil
  }
}
