// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ParallelHDF5

@Suite struct Binary16Tests {
  /// Through arithmetic in double precision, from the definition of the format.
  private func value(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Double(bits & 0x3ff)
    func power(_ exponent: Int) -> Double {
      Double(sign: .plus, exponent: exponent, significand: 1)
    }
    switch exponent {
    case 0: return sign * Float(fraction * power(-24))
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float((1 + fraction / 1024) * power(exponent - 15))
    }
  }

  @Test func everyNumberIsExact() {
    for bits in UInt16.min...UInt16.max {
      let found = Float(binary16: bits)
      let expected = value(bits)
      guard found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN else {
        Issue.record("\(bits) is \(expected), became \(found)")
        return
      }
    }
  }
}

@Suite struct Fletcher32Tests {
  /// The values of the sums' definition, modulo 65535, without blocks.
  @Test(arguments: [0, 1, 2, 3, 719, 720, 721, 5000]) func isThatOfTheDefinition(count: Int) {
    for byte in [UInt8(0), 1, 0xff] {
      let bytes = (0..<count).map { byte &* UInt8(truncatingIfNeeded: $0 / 3 + 1) }
      var (first, second): (UInt64, UInt64) = (0, 0)
      for word in stride(from: 0, to: count, by: 2) {
        let low = word + 1 < count ? UInt64(bytes[word + 1]) : 0
        first += UInt64(bytes[word]) << 8 + low
        second += first
      }
      // Of the two zeros modulo 65535, only a sum of zeros is 0.
      func reduced(_ sum: UInt64) -> UInt32 { sum == 0 ? 0 : UInt32((sum - 1) % 65535 + 1) }
      let found = bytes.withUnsafeBytes(fletcher32)
      #expect(found == reduced(second) << 16 | reduced(first))
    }
  }
}

@Suite struct ChunkCacheTests {
  private func buffer(_ count: Int) -> ByteBuffer {
    let buffer = ByteBuffer()
    buffer.reset(count: count)
    return buffer
  }

  @Test func theLastOnesUsedStayUntilTheyAreRead() {
    var cache = ChunkCache(capacity: 100)
    let places = (0..<4).map { ChunkPlace(row: 0, column: $0) }
    for place in places[..<3] { cache.keep(buffer(30), at: place, remaining: 10) }
    #expect(cache.take(4, of: places[0]) != nil)
    // The second has not been used since, and goes.
    cache.keep(buffer(30), at: places[3], remaining: 10)
    #expect(cache.take(1, of: places[1]) == nil)
    #expect(cache.take(6, of: places[0]) != nil)
    // All its numbers are read.
    #expect(cache.take(1, of: places[0]) == nil)
    #expect(cache.take(1, of: places[2]) != nil)
    #expect(cache.take(1, of: places[3]) != nil)
    cache.keep(buffer(100), at: places[1], remaining: 10)
    #expect(cache.take(1, of: places[2]) == nil)
    #expect(cache.take(1, of: places[1]) != nil)
  }

  @Test func manyUsesOfFewChunksAreForgotten() {
    var cache = ChunkCache(capacity: 64)
    for turn in 0..<1000 {
      let place = ChunkPlace(row: turn, column: 0)
      cache.keep(buffer(32), at: place, remaining: 100)
      for _ in 0..<50 { #expect(cache.take(1, of: place) != nil) }
      #expect(cache.take(1, of: ChunkPlace(row: turn - 2, column: 0)) == nil)
    }
  }
}
