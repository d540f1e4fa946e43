// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// Reads rectangles of a chunked 2-D dataset chunk by chunk, past HDF5's filters, conversions and
/// chunk cache: the stored bytes come from HDF5, everything else is done here.
///
/// A chunk that a rectangle cuts is decoded once for all the rectangles it is in, as long as the
/// cache has room. Memory: the cache, and up to three times the bytes of a chunk.
final class ChunkReader {
  private let dataset: HDF5Handle
  private let name: String
  private let shape: (rows: Int, columns: Int)
  private let chunk: (rows: Int, columns: Int)
  private let chunkBytes: Int
  private let format: NumberFormat
  private let filters: ChunkFilters

  private var cache: ChunkCache
  private var current = ByteBuffer()
  /// What `current` holds.
  private var currentPlace: ChunkPlace?
  private var offset: [hsize_t] = [0, 0]

  /// Chunks of more bytes are left to HDF5.
  private static let largestChunk = 2 << 30

  /// Nil if HDF5 must read the dataset: for other filters, for chunks whose filters are not those
  /// of the dataset, and for chunks so large that HDF5 reads parts of them.
  init?(
    _ dataset: HDF5Handle, name: String, shape: [Int], chunk: [Int], format: NumberFormat,
    creation: hid_t, cacheBytes: Int
  ) {
    guard shape.count == 2, let filters = ChunkFilters(creation),
      let chunkBytes = product(chunk + [format.byteCount]), chunkBytes <= Self.largestChunk,
      !filters.isEmpty || chunkBytes <= cacheBytes
    else { return nil }
    // With this option, chunks at the edge of the dataset are stored without filters.
    var options: UInt32 = 0
    guard H5Pget_chunk_opts(creation, &options) >= 0, options == 0 else { return nil }
    (self.dataset, self.name, self.format, self.filters) = (dataset, name, format, filters)
    (self.shape, self.chunk) = ((shape[0], shape[1]), (chunk[0], chunk[1]))
    self.chunkBytes = chunkBytes
    cache = ChunkCache(capacity: cacheBytes)
  }

  /// Reads a rectangle (rows x columns, row-major) as float32.
  func read(
    rows: Range<Int>, columns: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    for row in rows.lowerBound / chunk.rows...(rows.upperBound - 1) / chunk.rows {
      for column in columns.lowerBound / chunk.columns...(columns.upperBound - 1) / chunk.columns {
        let place = ChunkPlace(row: row, column: column)
        let whole = extent(of: place)
        let part = (
          rows: whole.rows.clamped(to: rows), columns: whole.columns.clamped(to: columns)
        )
        let base =
          target + (part.rows.lowerBound - rows.lowerBound) * columns.count
          + (part.columns.lowerBound - columns.lowerBound)
        let count = part.rows.count * part.columns.count
        guard
          let bytes = try decoded(
            place, reading: count, of: whole.rows.count * whole.columns.count)
        else {
          try fill(part, into: base, stride: columns.count)
          continue
        }
        let first =
          (part.rows.lowerBound - whole.rows.lowerBound) * chunk.columns
          + (part.columns.lowerBound - whole.columns.lowerBound)
        format.convert(
          bytes.base + first * format.byteCount, stride: chunk.columns * format.byteCount,
          rows: part.rows.count, columns: part.columns.count, to: base,
          targetStride: columns.count)
      }
    }
  }

  /// The part of the dataset that a chunk holds; its storage is that of a whole chunk even beyond.
  private func extent(of place: ChunkPlace) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (place.row * chunk.rows, place.column * chunk.columns)
    return (
      row..<row + min(chunk.rows, shape.rows - row),
      column..<column + min(chunk.columns, shape.columns - column)
    )
  }

  /// The bytes of a chunk, of whose `total` numbers `count` will be read now; nil if it was never
  /// written.
  private func decoded(_ place: ChunkPlace, reading count: Int, of total: Int) throws -> ByteBuffer?
  {
    if let kept = cache.take(count, of: place) { return kept }
    if place == currentPlace { return current }
    currentPlace = nil
    guard try load(place) else { return nil }
    let loaded = current
    if count < total, chunkBytes <= cache.capacity {
      cache.keep(loaded, at: place, remaining: total - count)
      current = ByteBuffer()
    } else {
      currentPlace = place
    }
    return loaded
  }

  /// Lets HDF5 give the values of what was never written, or zeros if there are none.
  private func fill(
    _ part: (rows: Range<Int>, columns: Range<Int>), into base: UnsafeMutablePointer<Float>,
    stride: Int
  ) throws {
    for row in 0..<part.rows.count {
      (base + row * stride).update(repeating: 0, count: part.columns.count)
    }
    try dataset.read(
      [part.rows, part.columns], as: lplr_h5t_native_float(), into: base, width: stride, name)
  }

  /// Reads and decodes a chunk into `current`; false if it was never written.
  private func load(_ place: ChunkPlace) throws -> Bool {
    let (row, column) = (place.row * chunk.rows, place.column * chunk.columns)
    (offset[0], offset[1]) = (hsize_t(row), hsize_t(column))
    var size: hsize_t = 0
    guard H5Dget_chunk_storage_size(dataset.id, offset, &size) >= 0, size > 0 else {
      // HDF5 1.10 calls it an error; if it is another one, HDF5 will meet it again in `fill`.
      H5Eclear2(lplr_h5_default())
      return false
    }
    func damage(_ text: String) -> InputError {
      .damagedChunk(of: name, row: row, column: column, text)
    }
    // What the file says is checked before any of it is believed.
    guard size <= filters.mostStored(of: chunkBytes) else {
      throw damage("is stored in \(size) bytes, expected about \(chunkBytes) at most")
    }
    current.reset(count: Int(size))
    var skipped: UInt32 = 0
    try check(
      H5Dread_chunk(dataset.id, lplr_h5_default(), offset, &skipped, current.base),
      "H5Dread_chunk", name)
    do throws(ChunkDamage) {
      try filters.undo(on: &current, skipped: skipped, to: chunkBytes)
    } catch {
      throw damage(error.text)
    }
    return true
  }
}

/// The product of extents, nil if it overflows.
private func product(_ extents: [Int]) -> Int? {
  extents.reduce(1) { product, extent in
    product.flatMap {
      let (value, overflows) = $0.multipliedReportingOverflow(by: extent)
      return overflows ? nil : value
    }
  }
}
