// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The element types that this program writes, little-endian.
package enum ElementType: String, Sendable, CaseIterable {
  case uint8, float16, float32, float64

  /// Bytes of an element on disk.
  package var byteCount: Int {
    switch self {
    case .uint8: 1
    case .float16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  /// The type in the file; float16 is made from float32 as IEEE 754 binary16, which HDF5 1.10 does
  /// not predefine.
  func makeFileType() throws(HDF5Error) -> HDF5Handle {
    let model =
      switch self {
      case .uint8: lplr_h5t_std_u8le()
      case .float16, .float32: lplr_h5t_ieee_f32le()
      case .float64: lplr_h5t_ieee_f64le()
      }
    let type = try HDF5Handle(H5Tcopy(model), "H5Tcopy", rawValue, close: H5Tclose)
    if self == .float16 {
      try check(H5Tset_fields(type.id, 15, 10, 5, 0, 10), "H5Tset_fields", rawValue)
      try check(H5Tset_size(type.id, 2), "H5Tset_size", rawValue)
      try check(H5Tset_ebias(type.id, 15), "H5Tset_ebias", rawValue)
    }
    return type
  }
}

/// What a datatype of a file is called in messages and in `source_dtype`: float32, int16, ...
func name(ofType type: hid_t) -> String {
  let bits = 8 * H5Tget_size(type)
  let order = H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : ""
  switch H5Tget_class(type) {
  case H5T_INTEGER:
    let precision = H5Tget_precision(type)
    let sign = H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int"
    return "\(sign)\(bits)\(precision == bits ? "" : " of \(precision) bits")\(order)"
  case H5T_FLOAT:
    var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
    H5Tget_fields(type, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize)
    switch (bits, exponentSize) {
    case (16, 5), (32, 8), (64, 11): return "float\(bits)\(order)"
    case (16, 8): return "bfloat16\(order)"
    default: return "float\(bits) with \(exponentSize) exponent bits\(order)"
    }
  case H5T_ENUM: return "enum of \(bits) bits"
  case H5T_STRING: return "string"
  case H5T_COMPOUND: return "compound"
  case H5T_BITFIELD: return "bitfield"
  case H5T_OPAQUE: return "opaque"
  case H5T_REFERENCE: return "reference"
  case H5T_VLEN: return "variable-length"
  case H5T_ARRAY: return "array"
  case H5T_TIME: return "time"
  default: return "unknown"
  }
}

/// Whether HDF5 converts the type to float32: integers, floats, and enumerations such as booleans.
func isNumeric(_ type: hid_t) -> Bool {
  [H5T_INTEGER, H5T_FLOAT, H5T_ENUM].contains(H5Tget_class(type))
}
