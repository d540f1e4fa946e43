// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// A dataset of an open file, for reading.
package final class Dataset {
  /// The file and the path inside it, for messages.
  package let name: String
  /// The extent of each dimension; empty for a scalar.
  package let shape: [Int]
  /// The element type as it is called in messages: float32, int16, ...
  package let typeName: String
  /// Bytes of an element in the file.
  package let elementByteCount: Int
  /// The extent of a chunk, nil if the dataset is not chunked.
  package let chunk: [Int]?
  /// Whether its bytes are those of an array in memory: native float32, and no filters.
  package let isPlain: Bool
  /// Bytes allocated for the data in the file.
  package let storedByteCount: Int

  let handle: HDF5Handle
  let path: ReadPath
  private let readAhead: ReadAhead?

  /// Takes over an open dataset; `cacheBytes` holds chunks that several reads share.
  init(_ id: hid_t, name: String, cacheBytes: Int) throws {
    handle = try HDF5Handle(id, "H5Dopen2", name, close: H5Dclose)
    self.name = name
    let space = try HDF5Handle(H5Dget_space(id), "H5Dget_space", name, close: H5Sclose)
    shape = try extent(of: space.id, name)
    let type = try HDF5Handle(H5Dget_type(id), "H5Dget_type", name, close: H5Tclose)
    typeName = ParallelHDF5.name(ofType: type.id)
    elementByteCount = H5Tget_size(type.id)
    let creation = try HDF5Handle(
      H5Dget_create_plist(id), "H5Dget_create_plist", name, close: H5Pclose)
    if H5Pget_layout(creation.id) == H5D_CHUNKED {
      var extents = [hsize_t](repeating: 0, count: shape.count)
      try check(
        H5Pget_chunk(creation.id, Int32(shape.count), &extents), "H5Pget_chunk", name)
      chunk = extents.map(Int.init)
    } else {
      chunk = nil
    }
    isPlain =
      NumberFormat(type.id)?.isNativeFloat == true && H5Pget_nfilters(creation.id) == 0
    storedByteCount = Int(clamping: H5Dget_storage_size(id))
    path = ReadPath(
      handle, name: name, type: type, shape: shape, chunk: chunk, creation: creation.id,
      cacheBytes: cacheBytes)
    readAhead = ReadAhead(
      handle, shape: shape, chunk: chunk, elementBytes: elementByteCount)
  }

  /// Says that a rectangle will be read soon, as a hint to the system. Threads wait for one another.
  package func expect(rows: Range<Int>, columns: Range<Int>) {
    HDF5Library.exclusively { readAhead?.expect(rows: rows, columns: columns) }
  }

  /// Reads a rectangle into `buffer` (rows x columns, row-major) as float32, whatever the type in
  /// the file. Threads wait for one another.
  package func read(
    rows: Range<Int>, columns: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    checkRectangle([rows, columns], capacity: buffer.count)
    guard !rows.isEmpty, !columns.isEmpty, let base = buffer.baseAddress else { return }
    try HDF5Library.exclusively {
      switch path {
      case .library:
        try handle.read([rows, columns], as: lplr_h5t_native_float(), into: base, name)
      case .converting(let reader):
        try reader.read(rows: rows, columns: columns, into: base)
      case .chunks(let reader):
        try reader.read(rows: rows, columns: columns, into: base)
      }
    }
  }

  /// Reads a rectangle of bytes into `buffer` (rows x columns, row-major).
  package func read(
    rows: Range<Int>, columns: Range<Int>, into buffer: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    checkRectangle([rows, columns], capacity: buffer.count)
    guard !rows.isEmpty, !columns.isEmpty, let base = buffer.baseAddress else { return }
    try HDF5Library.exclusively {
      try handle.read([rows, columns], as: lplr_h5t_native_uint8(), into: base, name)
    }
  }

  /// All elements of a small dataset of any numeric type.
  package func readAll() throws -> [Float] {
    let count = shape.reduce(1, *)
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer {
      guard count > 0, let base = $0.baseAddress else { return }
      try handle.read(shape.map { 0..<$0 }, as: lplr_h5t_native_float(), into: base, name)
    }
    return values
  }

  private func checkRectangle(_ ranges: [Range<Int>], capacity: Int) {
    precondition(
      ranges.count == shape.count && zip(ranges, shape).allSatisfy { $0.upperBound <= $1 }
        && ranges.reduce(1) { $0 * $1.count } <= capacity,
      "reading \(ranges) of \(name) with shape \(shape)")
  }
}

private func extent(of space: hid_t, _ name: String) throws(HDF5Error) -> [Int] {
  let dimensions = H5Sget_simple_extent_ndims(space)
  guard dimensions >= 0 else { throw HDF5Error.last("H5Sget_simple_extent_ndims", name) }
  var extents = [hsize_t](repeating: 0, count: Int(dimensions))
  guard H5Sget_simple_extent_dims(space, &extents, nil) >= 0 else {
    throw HDF5Error.last("H5Sget_simple_extent_dims", name)
  }
  return extents.map { Int(clamping: $0) }
}
