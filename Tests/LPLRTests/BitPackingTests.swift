// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

@Suite struct BitPackingTests {
  @Test(arguments: [[1], [8], [3, 2, 1], [4, 4, 4], [16, 9, 1, 1], [5, 0, 0], [7, 7, 7, 7, 7]])
  func roundTrip(bits: [UInt8]) {
    let packing = BitPacking(bits: bits)
    #expect(packing.rowBytes == (bits.reduce(0) { $0 + Int($1) } + 7) / 8)
    let codes = bits.enumerated().map { (0x9e37 &* ($0.offset + 1)) & ((1 << Int($0.element)) - 1) }
    var row = [UInt8](repeating: 0, count: packing.rowBytes)
    packing.pack(into: &row) { codes[$0] }
    var unpacked = codes.map { _ in -1 }
    packing.unpack(row, components: bits.count) { unpacked[$0] = $1 }
    #expect(unpacked == codes)
  }

  @Test func goldenBytes() {
    // 101 01 1110 -> 10101111 0(0000000): the most significant bit of each component first.
    var row: [UInt8] = [0, 0]
    BitPacking(bits: [3, 2, 4]).pack(into: &row) { [5, 1, 14][$0] }
    #expect(row == [0b1010_1111, 0b0000_0000])
  }
}
