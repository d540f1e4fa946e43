// SPDX-License-Identifier: Apache-2.0

/// One row of codes as a bit string: component after component, the most significant bit of each
/// first, filled up with zeros to a whole byte.
package struct BitPacking: Equatable, Sendable {
  /// Bits of each component, 0 to 16.
  package let bits: [UInt8]
  /// Bytes of a row.
  package let rowBytes: Int

  package init(bits: [UInt8]) {
    precondition(bits.allSatisfy { $0 <= 16 })
    self.bits = bits
    rowBytes = (bits.reduce(0) { $0 + Int($1) } + 7) / 8
  }

  /// Packs one row; `code(i)` is the code of component i.
  @inline(__always)
  func pack(into row: UnsafeMutablePointer<UInt8>, code: (Int) -> Int) {
    var pending: UInt32 = 0
    var count = 0
    var byte = 0
    for component in bits.indices {
      let width = Int(bits[component])
      guard width > 0 else { continue }
      pending = pending << UInt32(width) | UInt32(truncatingIfNeeded: code(component))
      count += width
      while count >= 8 {
        count -= 8
        row[byte] = UInt8(truncatingIfNeeded: pending >> UInt32(count))
        byte += 1
      }
    }
    if count > 0 { row[byte] = UInt8(truncatingIfNeeded: pending << UInt32(8 - count)) }
  }

  /// Unpacks the first `components` codes of one row.
  @inline(__always)
  func unpack(
    _ row: UnsafePointer<UInt8>, components: Int, body: (Int, Int) -> Void
  ) {
    var pending: UInt32 = 0
    var count = 0
    var byte = 0
    for component in 0..<components {
      let width = Int(bits[component])
      while count < width {
        pending = pending << 8 | UInt32(row[byte])
        byte += 1
        count += 8
      }
      count -= width
      body(component, Int(pending >> UInt32(count)) & ((1 << width) - 1))
    }
  }
}
