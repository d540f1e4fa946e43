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
    if !format.isNativeFloat {
      self = .converting(StagedReader(dataset, name: name, format: format, type: type))
    }
  }
}

/// Reads rectangles a piece at a time into a small buffer, as they are stored, and converts them.
final class StagedReader {
  private let dataset: HDF5Handle
  private let name: String
  private let format: NumberFormat
  private let type: HDF5Handle
  private let stage = ByteBuffer()

  /// What fits beside the target into the cache of a core.
  private static let stageBytes = 1 << 20

  init(_ dataset: HDF5Handle, name: String, format: NumberFormat, type: HDF5Handle) {
    (self.dataset, self.name, self.format, self.type) = (dataset, name, format, type)
  }

  /// Reads a rectangle (rows x columns, row-major) as float32.
  func read(
    rows: Range<Int>, columns: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) throws {
    let width = max(1, min(columns.count, Self.stageBytes / format.byteCount))
    let height = max(1, Self.stageBytes / format.byteCount / width)
    stage.reset(count: width * height * format.byteCount)
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
      let high = row..<min(row + height, rows.upperBound)
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
        let wide = column..<min(column + width, columns.upperBound)
        try dataset.read([high, wide], as: type.id, into: stage.base, name)
        format.convert(
          stage.base, stride: wide.count * format.byteCount, rows: high.count,
          columns: wide.count,
          to: target + (row - rows.lowerBound) * columns.count + (column - columns.lowerBound),
          targetStride: columns.count)
      }
    }
  }
}

extension HDF5Handle {
  /// Lets HDF5 read a rectangle of this dataset that is not empty, as numbers of an HDF5 type.
  /// `width` is the extent of the last dimension in memory, if it is larger than the rectangle's.
  func read(
    _ ranges: [Range<Int>], as type: hid_t, into base: UnsafeMutableRawPointer, width: Int? = nil,
    _ name: String
  ) throws(HDF5Error) {
    let counts = ranges.map { hsize_t($0.count) }
    let starts = ranges.map { hsize_t($0.lowerBound) }
    let space = try HDF5Handle(H5Dget_space(id), "H5Dget_space", name, close: H5Sclose)
    try check(
      H5Sselect_hyperslab(space.id, H5S_SELECT_SET, starts, nil, counts, nil),
      "H5Sselect_hyperslab", name)
    let extents = counts.dropLast() + [width.map(hsize_t.init) ?? counts.last ?? 1]
    let memory = try HDF5Handle(
      H5Screate_simple(Int32(counts.count), Array(extents), nil), "H5Screate_simple", name,
      close: H5Sclose)
    if width != nil {
      let origin = [hsize_t](repeating: 0, count: counts.count)
      try check(
        H5Sselect_hyperslab(memory.id, H5S_SELECT_SET, origin, nil, counts, nil),
        "H5Sselect_hyperslab", name)
    }
    try check(H5Dread(id, type, memory.id, space.id, lplr_h5_default(), base), "H5Dread", name)
  }
}
