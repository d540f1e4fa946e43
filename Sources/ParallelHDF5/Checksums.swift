// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The names of checksums in a file.
enum ChecksumName {
  /// The attribute of a dataset that holds the CRC-32 (zlib) of its bytes as they stand on disk.
  static let attribute = "crc32"
  /// The attribute of a table of checksums that says how many rows each is for.
  static let rowsPerBlock = "rows_per_block"

  /// The table of checksums of the blocks of rows of a dataset.
  static func table(of dataset: String) -> String { dataset + "_crc32" }
}

/// A dataset of bytes whose rows are compared with their checksums when they are read.
///
/// The checksums are those of blocks of rows, so a few rows cost the read of a block (64 KiB), not
/// of the whole. A file without them is read as it is.
package struct ChecksummedRows {
  package let dataset: Dataset
  private let rowsPerBlock: Int
  /// One for each block; empty if the file has none.
  private let checksums: [UInt32]

  /// Throws ``InputError`` if the checksums themselves are damaged or of another shape.
  package init(_ object: String, in file: HDF5File) throws {
    dataset = try file.dataset(object)
    try file.checkStorage(of: dataset)
    let table = ChecksumName.table(of: object)
    guard file.contains(table) else {
      (rowsPerBlock, checksums) = (.max, [])
      return
    }
    let rows = dataset.shape.first ?? 0
    let bytes = try file.checkedBytes(of: file.smallDataset(table), at: table)
    checksums = stride(from: 0, to: bytes.count - 3, by: 4).map { place in
      (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
    }
    // One block may have room for more rows than there are.
    let asWritten = try file.attributes(of: table)[ChecksumName.rowsPerBlock]?.integer ?? 0
    rowsPerBlock = min(asWritten, max(1, rows))
    guard rowsPerBlock > 0, checksums.count == rows / rowsPerBlock + (rows % rowsPerBlock).signum()
    else {
      throw InputError.badData(
        "\(file.path):\(table): has \(checksums.count) checksums of \(rowsPerBlock) rows each, "
          + "expected those of \(rows) rows")
    }
  }

  /// Whether there is anything to compare with.
  package var areChecked: Bool { !checksums.isEmpty }

  /// The bytes of some rows; throws ``InputError`` if they are not those that were written.
  package func read(rows: Range<Int>) throws -> ArraySlice<UInt8> {
    let width = dataset.shape[1]
    guard areChecked, !rows.isEmpty, width > 0 else {
      return try stored(rows, width)[...]
    }
    let blocks = rows.lowerBound / rowsPerBlock...(rows.upperBound - 1) / rowsPerBlock
    let first = blocks.lowerBound * rowsPerBlock
    let covering = first..<min((blocks.upperBound + 1) * rowsPerBlock, dataset.shape[0])
    let bytes = try stored(covering, width)
    for block in blocks { try check(block, bytes, firstRow: first, width) }
    return bytes[(rows.lowerBound - first) * width..<(rows.upperBound - first) * width]
  }

  /// Reads and compares all rows, some blocks at a time.
  package func checkAll() throws {
    let step = max(1, (16 << 20) / max(1, rowsPerBlock &* dataset.shape[1])) &* rowsPerBlock
    for first in stride(from: 0, to: areChecked ? dataset.shape[0] : 0, by: step) {
      _ = try read(rows: first..<min(first + step, dataset.shape[0]))
    }
  }

  private func stored(_ rows: Range<Int>, _ width: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: rows.count * width)
    try bytes.withUnsafeMutableBufferPointer {
      try dataset.read(rows: rows, columns: 0..<width, into: $0)
    }
    return bytes
  }

  private func check(_ block: Int, _ bytes: [UInt8], firstRow: Int, _ width: Int) throws {
    let rows = block * rowsPerBlock..<min((block + 1) * rowsPerBlock, dataset.shape[0])
    let range = (rows.lowerBound - firstRow) * width..<(rows.upperBound - firstRow) * width
    let found = bytes.withUnsafeBytes {
      checksum(UnsafeRawBufferPointer(rebasing: $0[range]), after: noBytes)
    }
    guard found == UInt(checksums[block]) else {
      throw InputError.badData(
        "\(dataset.name): rows \(rows.lowerBound) to \(rows.upperBound - 1) do not have the "
          + "checksum that was stored with them; the file is damaged")
    }
  }
}

extension HDF5File {
  /// All elements of a small dataset of any numeric type, compared with its checksum if it has one.
  package func values(of object: String) throws -> [Float] {
    let dataset = try smallDataset(object)
    _ = try checkedBytes(of: dataset, at: object)
    return try dataset.readAll()
  }

  /// Opens a dataset that will be read as a whole; throws ``InputError`` if it is larger than 1 GiB, or
  /// its data in other files.
  fileprivate func smallDataset(_ object: String) throws -> Dataset {
    let dataset = try dataset(object)
    let count = dataset.shape.reduce(1.0) { $0 * Double($1) }
    guard count * Double(dataset.elementByteCount) <= 0x1p30 else {
      throw InputError.badData(
        "\(dataset.name): has shape \(dataset.shape), expected a small dataset")
    }
    try checkStorage(of: dataset)
    return dataset
  }

  /// Compares every dataset that carries a checksum of its own, but for those of `except`.
  func checkAll(except: [String]) throws {
    for object in try datasetPaths() where !except.contains(object) {
      _ = try checkedBytes(of: smallDataset(object), at: object)
    }
  }

  /// The bytes of a dataset as they stand in the file; empty, if there is no checksum.
  fileprivate func checkedBytes(of dataset: Dataset, at object: String) throws -> [UInt8] {
    guard let expected = try attributes(of: object)[ChecksumName.attribute]?.integer else {
      return []
    }
    let bytes = try dataset.storedBytes()
    guard checksum(of: bytes) == expected else {
      throw InputError.badData(
        "\(dataset.name): does not have the checksum that was stored with it; the file is damaged")
    }
    return bytes
  }
}

extension Dataset {
  /// All bytes of a small dataset in the type that they have in the file.
  fileprivate func storedBytes() throws -> [UInt8] {
    let type = try HDF5Handle(H5Dget_type(handle.id), "H5Dget_type", name, close: H5Tclose)
    var bytes = [UInt8](repeating: 0, count: shape.reduce(1, *) * elementByteCount)
    guard !bytes.isEmpty else { return bytes }
    try check(
      H5Dread(handle.id, type.id, H5S_ALL, H5S_ALL, lplr_h5_default(), &bytes), "H5Dread", name)
    return bytes
  }
}
