// SPDX-License-Identifier: Apache-2.0

/// The conversion of stored numbers to float32.
///
/// Rounds to the nearest, ties to even, and to infinity what is too large, as NumPy's
/// `astype("float32")` does. HDF5 converts types that the processor has not (float16, bfloat16, all
/// of the other byte order) bit by bit, at some 50 MB/s; these loops are simple enough for the
/// compiler to make vectors of, also for the oldest x86-64.
extension NumberFormat {
  /// Converts a rectangle of numbers, row-major with `stride` bytes from one row to the next, to
  /// float32 with `targetStride` elements from row to row. `source` must be aligned to a number.
  func convert(
    _ source: UnsafeRawPointer, stride: Int, rows: Int, columns: Int,
    to target: UnsafeMutablePointer<Float>, targetStride: Int
  ) {
    if rows > 1, stride == columns * byteCount, targetStride == columns {
      // Without gaps it is one long row.
      convert(source, count: rows * columns, to: target)
      return
    }
    for row in 0..<rows {
      convert(source + row * stride, count: columns, to: target + row * targetStride)
    }
  }

  private func convert(
    _ source: UnsafeRawPointer, count: Int, to target: UnsafeMutablePointer<Float>
  ) {
    /// Calls `value` with the bits of each number.
    @inline(__always)
    func each<Bits: FixedWidthInteger>(_: Bits.Type, _ value: (Bits) -> Float) {
      let numbers = source.assumingMemoryBound(to: Bits.self)
      if isBigEndian {
        for index in 0..<count { target[index] = value(numbers[index].byteSwapped) }
      } else {
        for index in 0..<count { target[index] = value(numbers[index]) }
      }
    }
    switch kind {
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    case .uint8: each(UInt8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .float16: each(UInt16.self) { Float(binary16: $0) }
    case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32: each(UInt32.self) { Float(bitPattern: $0) }
    case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
    }
  }
}

extension Float {
  /// The value of an IEEE 754 binary16, which is always exact.
  ///
  /// `Float(Float16)` is a library call for each number where the compiler may not use F16C.
  @inline(__always)
  init(binary16 bits: UInt16) {
    let magnitude = UInt32(bits & 0x7fff)
    let sign = UInt32(bits & 0x8000) << 16
    // Normal: the exponent moves from a bias of 15 to one of 127. All ones stay all ones.
    let special: UInt32 = magnitude >= 0x7c00 ? (255 - 31 - 112) << 23 : 0
    let normal = magnitude << 13 &+ 112 << 23 &+ special
    // Subnormal: 0.5 + magnitude / 2^24 without its 0.5, with no subnormal on the way.
    let small = (Float(bitPattern: 0x3f00_0000 | magnitude) - 0.5).bitPattern
    self = Float(bitPattern: (magnitude < 0x400 ? small : normal) | sign)
  }
}
