// SPDX-License-Identifier: Apache-2.0

/// FNV-1a of the bytes of an array: equal exactly if, for practical purposes, every bit is.
package func digest<Element: BitwiseCopyable>(_ values: [Element]) -> UInt64 {
  values.withUnsafeBytes { bytes in
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
