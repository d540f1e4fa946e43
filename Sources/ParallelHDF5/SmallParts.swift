// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The attributes and small datasets that one rank adds to a file when all else stands in it.
package final class SmallParts {
  private let file: HDF5Handle
  private let path: String

  init(path: String) throws {
    self.path = path
    let access = try HDF5Handle(
      H5Pcreate(lplr_h5p_file_access()), "H5Pcreate", path, close: H5Pclose)
    try check(
      H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), "H5Pset_libver_bounds",
      path)
    file = try HDF5Handle(
      H5Fopen(path, lplr_h5f_acc_rdwr(), access.id), "H5Fopen", path, close: H5Fclose)
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
  }

  /// Adds a vector of bytes.
  package func add(_ values: [UInt8], at object: String) throws {
    let dataset = try create(object, count: values.count, type: lplr_h5t_std_u8le())
    try check(
      H5Dwrite(
        dataset.id, lplr_h5t_native_uint8(), H5S_ALL, H5S_ALL, lplr_h5_default(), values),
      "H5Dwrite", "\(path):\(object)")
  }

  func flush() throws {
    try check(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "H5Fflush", path)
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
