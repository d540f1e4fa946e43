// SPDX-License-Identifier: Apache-2.0

internal import CRandom123
internal import Foundation

/// Random numbers by counter: the numbers at a place depend on the key and the place alone, so any
/// rank can make any part of a random matrix (Philox4x32-10; Salmon, Moraes, Dror, Shaw, "Parallel
/// random numbers: as easy as 1, 2, 3", SC11).
package struct Philox: Equatable, Sendable {
  package let key: UInt64

  /// A generator for one use of a seed; different streams are independent.
  package init(seed: UInt64, stream: UInt64) {
    // The two halves of the key: 2^32 streams for each 32-bit half would be too few, so mix.
    key = Philox.words(key: seed, low: stream, high: 0x6c70_6c72).asKey
  }

  /// Fills `row` with row number `index` of a matrix of independent signs, +1 or -1.
  /// One block of the generator makes 128 of them.
  package func fillSigns(_ row: UnsafeMutableBufferPointer<Float>, index: Int) {
    var start = 0
    while start < row.count {
      let block = Philox.words(key: key, low: UInt64(index), high: UInt64(start / 128))
      for word in 0..<4 {
        let bits = block[word]
        let first = start + 32 * word
        for bit in 0..<max(0, min(32, row.count - first)) {
          row[first + bit] = (bits >> UInt32(bit)) & 1 == 0 ? 1 : -1
        }
      }
      start += 128
    }
  }

  /// Fills `row` with the elements from column `first` on of row number `index` of a matrix of
  /// independent standard normal numbers (Box and Muller 1958). `first` must be a multiple of 4, so that
  /// a part of a row equals the same part of the whole.
  package func fillNormal(_ row: UnsafeMutableBufferPointer<Float>, index: Int, first: Int = 0) {
    precondition(first % 4 == 0, "part of a random row from column \(first)")
    var start = 0
    while start < row.count {
      let block = Philox.words(key: key, low: UInt64(index), high: UInt64((first + start) / 4))
      let normals = block.normals
      for offset in 0..<min(4, row.count - start) { row[start + offset] = normals[offset] }
      start += 4
    }
  }

  /// Four random words for a place.
  package func words(row: Int, block: Int) -> SIMD4<UInt32> {
    Philox.words(key: key, low: UInt64(row), high: UInt64(block))
  }

  private static func words(key: UInt64, low: UInt64, high: UInt64) -> SIMD4<UInt32> {
    var out = SIMD4<UInt32>()
    withUnsafeMutableBytes(of: &out) {
      lplr_philox4x32(key, low, high, $0.bindMemory(to: UInt32.self).baseAddress)
    }
    return out
  }
}

extension SIMD4<UInt32> {
  fileprivate var asKey: UInt64 { UInt64(self[0]) << 32 | UInt64(self[1]) }

  /// Two pairs of normal numbers from two pairs of uniform ones.
  fileprivate var normals: SIMD4<Float> {
    let first = pair(self[0], self[1])
    let second = pair(self[2], self[3])
    return SIMD4<Float>(first.0, first.1, second.0, second.1)
  }

  private func pair(_ a: UInt32, _ b: UInt32) -> (Float, Float) {
    // In (0, 1]: the logarithm is finite.
    let radius = (-2 * log((Float(a >> 8) + 0.5) * 0x1p-24)).squareRoot()
    let angle = Float(b >> 8) * (0x1p-23 * Float.pi)
    return (radius * cos(angle), radius * sin(angle))
  }
}
