// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// How a dataset is read as float32; decided once, when it is opened.
enum ReadPath {
  /// HDF5 reads, undoes filters and converts.
  case library
  /// HDF5 reads numbers as they are stored, and they are converted here.
  case converting(StagedReader)
  /// HDF5 reads stored chunks; everything else is done here.
  case chunks(ChunkReader)

  init(
    _ dataset: HDF5Handle, name: String, type: HDF5Handle, shape: [Int], chunk: [Int]?,
    creation: hid_t, cacheBytes: Int
  ) {
    self = .library
    guard let format = NumberFormat(type.id) else { return }
    if let chunk {
      if let reader = ChunkReader(
        dataset, name: name, shape: shape, chunk: chunk, format: format, creation: creation,
        cacheBytes: cacheBytes)
      {
        self = .chunks(reader)
        return
      }
      // A piece at a time would undo the filters for every piece.
      guard H5Pget_nfilters(creation) == 0 else { return }
    }
    if !format.isNativeFloat { self = .converting(StagedReader(format: format, type: type)) }
  }
}

/// Reads rectangles a piece at a time into a small buffer, as they are stored, and converts them.
final class StagedReader {
  private let format: NumberFormat
  private let type: HDF5Handle
  private let stage = ByteBuffer()

  /// What fits beside the target into the cache of a core.
  private static let stageBytes = 1 << 20

  init(format: NumberFormat, type: HDF5Handle) {
    (self.format, self.type) = (format, type)
  }

  /// Reads a rectangle (rows x columns, row-major) as float32; `load` reads a rectangle of numbers of
  /// an HDF5 type.
  func read(
    rows: Range<Int>, columns: Range<Int>, into target: UnsafeMutablePointer<Float>,
    load: ([Range<Int>], hid_t, UnsafeMutableRawPointer) throws -> Void
  ) throws {
    let width = max(1, min(columns.count, Self.stageBytes / format.byteCount))
    let height = max(1, Self.stageBytes / format.byteCount / width)
    stage.reset(count: width * height * format.byteCount)
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
      let high = row..<min(row + height, rows.upperBound)
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
        let wide = column..<min(column + width, columns.upperBound)
        try load([high, wide], type.id, stage.base)
        format.convert(
          stage.base, stride: wide.count * format.byteCount, rows: high.count,
          columns: wide.count,
          to: target + (row - rows.lowerBound) * columns.count + (column - columns.lowerBound),
          targetStride: columns.count)
      }
    }
  }
}
