// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The value of an attribute, as far as this program writes and reads them.
package enum AttributeValue: Equatable, Sendable {
  case text(String)
  case integers([Int])
  case number(Double)

  /// The single integer, if it is one.
  package var integer: Int? {
    if case .integers(let values) = self, values.count == 1 { values[0] } else { nil }
  }
}

/// Attaches an attribute to an object of an open file.
func writeAttribute(_ name: String, _ value: AttributeValue, to object: hid_t, _ subject: String)
  throws(HDF5Error)
{
  switch value {
  case .text(let text):
    let type = try HDF5Handle(H5Tcopy(lplr_h5t_c_s1()), "H5Tcopy", subject, close: H5Tclose)
    let bytes = Array(text.utf8) + [0]
    try check(H5Tset_size(type.id, bytes.count), "H5Tset_size", subject)
    try check(H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset", subject)
    try write(name, type.id, type.id, [], bytes, to: object, subject)
  case .integers(let values):
    let extent = values.count == 1 ? [] : [hsize_t(values.count)]
    try write(
      name, lplr_h5t_std_i64le(), lplr_h5t_native_int64(), extent, values.map(Int64.init),
      to: object, subject)
  case .number(let number):
    try write(
      name, lplr_h5t_ieee_f64le(), lplr_h5t_native_double(), [], [number], to: object, subject)
  }
}

private func write<Element: BitwiseCopyable>(
  _ name: String, _ fileType: hid_t, _ memoryType: hid_t, _ extent: [hsize_t],
  _ elements: [Element], to object: hid_t, _ subject: String
) throws(HDF5Error) {
  let space = try HDF5Handle(
    extent.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extent.count), extent, nil),
    "H5Screate", subject, close: H5Sclose)
  let attribute = try HDF5Handle(
    H5Acreate2(object, name, fileType, space.id, lplr_h5_default(), lplr_h5_default()),
    "H5Acreate2", "\(subject) attribute \(name)", close: H5Aclose)
  try check(
    H5Awrite(attribute.id, memoryType, elements), "H5Awrite", "\(subject) attribute \(name)")
}

extension HDF5File {
  /// The attributes of an object that are text, integers or numbers, by name.
  package func attributes(of object: String) throws -> [String: AttributeValue] {
    let subject = "\(path):\(object)"
    let owner = try HDF5Handle(
      H5Oopen(handle.id, object, lplr_h5_default()), "H5Oopen", subject, close: H5Oclose)
    var names: [String] = []
    try withUnsafeMutablePointer(to: &names) { names in
      try check(
        H5Aiterate2(
          owner.id, H5_INDEX_NAME, H5_ITER_INC, nil,
          { _, name, _, names in
            if let name {
              names?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
            }
            return 0
          }, names), "H5Aiterate2", subject)
    }
    var values: [String: AttributeValue] = [:]
    for name in names { values[name] = try readAttribute(name, of: owner.id, subject) }
    return values
  }

  private func readAttribute(_ name: String, of owner: hid_t, _ subject: String) throws
    -> AttributeValue?
  {
    let subject = "\(subject) attribute \(name)"
    let attribute = try HDF5Handle(
      H5Aopen(owner, name, lplr_h5_default()), "H5Aopen", subject, close: H5Aclose)
    let type = try HDF5Handle(H5Aget_type(attribute.id), "H5Aget_type", subject, close: H5Tclose)
    let space = try HDF5Handle(
      H5Aget_space(attribute.id), "H5Aget_space", subject, close: H5Sclose)
    let count = Int(H5Sget_simple_extent_npoints(space.id))
    guard count > 0, count < 1 << 20 else { return nil }
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      var values = [Int64](repeating: 0, count: count)
      try check(H5Aread(attribute.id, lplr_h5t_native_int64(), &values), "H5Aread", subject)
      return .integers(values.map(Int.init))
    case H5T_FLOAT where count == 1:
      var value = 0.0
      try check(H5Aread(attribute.id, lplr_h5t_native_double(), &value), "H5Aread", subject)
      return .number(value)
    case H5T_STRING where H5Tis_variable_str(type.id) == 0 && count == 1:
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type.id))
      try check(H5Aread(attribute.id, type.id, &bytes), "H5Aread", subject)
      return .text(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    default:
      return nil
    }
  }
}
