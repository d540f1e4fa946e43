// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// How a number is stored in a file, for the types that this program converts itself: integers of
/// 1, 2, 4 and 8 bytes, IEEE 754 floats of 2, 4 and 8 bytes, and bfloat16, in either byte order.
///
/// An enumeration, such as a boolean, is the integer it is made of. Everything else (part of the
/// bits, floats of other widths) is left to HDF5.
struct NumberFormat: Equatable {
  enum Kind {
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, bfloat16, float32, float64
  }

  let kind: Kind
  /// Whether the first byte is the most significant one; false for numbers of one byte.
  let isBigEndian: Bool

  /// The format of an HDF5 datatype, nil if it is none of these.
  init?(_ type: hid_t) {
    guard H5Tget_class(type) == H5T_ENUM else {
      self.init(plain: type)
      return
    }
    let base = H5Tget_super(type)
    guard base >= 0 else { return nil }
    defer { H5Tclose(base) }
    self.init(plain: base)
  }

  private init?(plain type: hid_t) {
    let size = H5Tget_size(type)
    // Every bit counts, and the bytes are in order (VAX floats have another one).
    guard H5Tget_precision(type) == 8 * size, H5Tget_offset(type) == 0 else { return nil }
    switch H5Tget_order(type) {
    case H5T_ORDER_LE: isBigEndian = false
    case H5T_ORDER_BE: isBigEndian = size > 1
    default: return nil
    }
    let found: Kind? =
      switch H5Tget_class(type) {
      case H5T_INTEGER: Self.integer(type, size)
      case H5T_FLOAT: Self.float(type, size)
      default: nil
      }
    guard let found else { return nil }
    kind = found
  }

  private static func integer(_ type: hid_t, _ size: Int) -> Kind? {
    switch (H5Tget_sign(type), size) {
    case (H5T_SGN_2, 1): .int8
    case (H5T_SGN_2, 2): .int16
    case (H5T_SGN_2, 4): .int32
    case (H5T_SGN_2, 8): .int64
    case (H5T_SGN_NONE, 1): .uint8
    case (H5T_SGN_NONE, 2): .uint16
    case (H5T_SGN_NONE, 4): .uint32
    case (H5T_SGN_NONE, 8): .uint64
    default: nil
    }
  }

  private static func float(_ type: hid_t, _ size: Int) -> Kind? {
    var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
    guard
      H5Tget_fields(type, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) >= 0,
      H5Tget_norm(type) == H5T_NORM_IMPLIED, sign == 8 * size - 1, mantissa == 0,
      exponent == mantissaSize, exponentSize + mantissaSize == sign
    else { return nil }
    // The size of the exponent and its bias; the rest follows from the checks above.
    switch (size, exponentSize, H5Tget_ebias(type)) {
    case (2, 5, 15): return .float16
    case (2, 8, 127): return .bfloat16
    case (4, 8, 127): return .float32
    case (8, 11, 1023): return .float64
    default: return nil
    }
  }

  /// Whether the bytes in the file are those of a Float in memory.
  var isNativeFloat: Bool { kind == .float32 && !isBigEndian }

  /// Bytes of a number in the file.
  var byteCount: Int {
    switch kind {
    case .int8, .uint8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }
}
