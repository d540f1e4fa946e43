// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The attributes and small datasets that one rank adds to a file when all else stands in it.
///
/// Every dataset gets the CRC-32 of its bytes as attribute `crc32`; attributes are covered by the
/// checksums that HDF5 gives its own metadata from version 1.10 of the format on.
package final class SmallParts {
  private let file: HDF5Handle
  private let path: String

  /// Opens the unfinished file, which messages call by its final name.
  init(in temporary: String, of path: String) throws {
    self.path = path
    file = try openForWriting(temporary, of: path)
  }

  /// Attaches attributes to an object of the file.
  package func attach(_ attributes: KeyValuePairs<String, AttributeValue>, to object: String) throws
  {
    let subject = "\(path):\(object)"
    let owner = try HDF5Handle(
      H5Oopen(file.id, object, lplr_h5_default()), "H5Oopen", subject, close: H5Oclose)
    for (name, value) in attributes { try writeAttribute(name, value, to: owner.id, subject) }
  }

  /// Adds a vector of float32.
  package func add(_ values: [Float], at object: String) throws {
    let dataset = try create(object, count: values.count, type: lplr_h5t_ieee_f32le())
    try check(
      H5Dwrite(
        dataset.id, lplr_h5t_native_float(), H5S_ALL, H5S_ALL, lplr_h5_default(), values),
      "H5Dwrite", "\(path):\(object)")
    try dataset.finish("H5Dclose", "\(path):\(object)")
    try attach([ChecksumName.attribute: .integers([checksum(of: values)])], to: object)
  }

  /// Adds a vector of bytes.
  package func add(_ values: [UInt8], at object: String) throws {
    let dataset = try create(object, count: values.count, type: lplr_h5t_std_u8le())
    try check(
      H5Dwrite(
        dataset.id, lplr_h5t_native_uint8(), H5S_ALL, H5S_ALL, lplr_h5_default(), values),
      "H5Dwrite", "\(path):\(object)")
    try dataset.finish("H5Dclose", "\(path):\(object)")
    try attach([ChecksumName.attribute: .integers([checksum(of: values)])], to: object)
  }

  /// Adds the checksums of the blocks of rows of a dataset, beside it.
  func add(checksums: [UInt32], rowsPerBlock: Int, of dataset: String) throws {
    let object = ChecksumName.table(of: dataset)
    let table = try create(object, count: checksums.count, type: lplr_h5t_std_u32le())
    try check(
      H5Dwrite(
        table.id, lplr_h5t_native_uint32(), H5S_ALL, H5S_ALL, lplr_h5_default(), checksums),
      "H5Dwrite", "\(path):\(object)")
    try table.finish("H5Dclose", "\(path):\(object)")
    try attach(
      [
        ChecksumName.rowsPerBlock: .integers([rowsPerBlock]),
        ChecksumName.attribute: .integers([checksum(of: checksums)]),
      ], to: object)
  }

  /// Writes what HDF5 still holds, and closes the file.
  func finish() throws {
    try check(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "H5Fflush", path)
    try file.finish("H5Fclose", path)
  }

  private func create(_ object: String, count: Int, type: hid_t) throws(HDF5Error) -> HDF5Handle {
    let subject = "\(path):\(object)"
    let space = try HDF5Handle(
      H5Screate_simple(1, [hsize_t(count)], nil), "H5Screate_simple", subject, close: H5Sclose)
    return try HDF5Handle(
      H5Dcreate2(
        file.id, object, type, space.id, lplr_h5_default(), lplr_h5_default(), lplr_h5_default()),
      "H5Dcreate2", subject, close: H5Dclose)
  }
}
