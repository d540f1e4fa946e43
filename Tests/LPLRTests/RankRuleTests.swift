// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

@Suite struct RankRuleTests {
  static let shapes = [(1000, 1000), (1, 5000), (5000, 1), (33, 70_001), (64, 64), (7, 9)]

  @Test(arguments: shapes, [0.1, 0.5, 1, 2, 5.5])
  func theSizeIsNeverExceededAndTheRankIsTheLargest(shape: (Int, Int), bitsPerEntry: Double) throws
  {
    let (n, d) = shape
    let budget = bitsPerEntry * Double(n) * Double(d) / 8
    for quantizer in QuantizerKind.allCases {
      for (left, right) in [(1, 1), (4, 4), (3, 7), (8, 1), (8, 8)] {
        let rule = RankRule(leftBits: left, rightBits: right, bitsPerEntry: bitsPerEntry)
        func bytes(_ rank: Int) -> Double {
          Double(Self.storedBytes(n, d, rank, left, right, quantizer))
        }
        guard bytes(1) <= budget else {
          #expect(throws: PlanError.self) {
            try rule.resolve(rows: n, columns: d, quantizer: quantizer)
          }
          continue
        }
        let choice = try rule.resolve(rows: n, columns: d, quantizer: quantizer)
        #expect(choice.leftBits == left && choice.rightBits == right)
        #expect(bytes(choice.rank) <= budget)
        let largest = choice.rank == min(n, d) || bytes(choice.rank + 1) > budget
        #expect(largest, "\(n) x \(d), \(left) and \(right) bits: rank \(choice.rank) of more")
      }
    }
  }

  @Test func aRankAloneTakesAllBitsThatFit() throws {
    for rank in [1, 10, 62, 100, 240] {
      let rule = RankRule(rank: rank, bitsPerEntry: 0.5)
      let choice = try rule.resolve(rows: 1000, columns: 1000, quantizer: .lloyd)
      func bytes(_ bits: Int) -> Int { Self.storedBytes(1000, 1000, rank, bits, bits, .lloyd) }
      #expect(choice.rank == rank && choice.leftBits == choice.rightBits)
      #expect(bytes(choice.leftBits) <= 62_500)
      #expect(choice.leftBits == 8 || bytes(choice.leftBits + 1) > 62_500)
    }
  }

  @Test func withoutAnyWishTheFactorsTakeOneBitPerEntry() throws {
    let choice = try RankRule().resolve(rows: 3000, columns: 2500, quantizer: .lloyd)
    let bits =
      8
      * Double(
        Self.storedBytes(3000, 2500, choice.rank, choice.leftBits, choice.rightBits, .lloyd))
    #expect((0.98...1).contains(bits / 7.5e6))
    // A tiny matrix still gets a component.
    let tiny = try RankRule().resolve(rows: 1, columns: 1, quantizer: .lloyd)
    #expect(tiny.rank == 1)
  }

  @Test func rankAndBitsAreTakenAsTheyAre() throws {
    let rule = RankRule(rank: 5, leftBits: 2, rightBits: 7)
    let choice = try rule.resolve(rows: 10, columns: 10, quantizer: .minmax)
    #expect(choice == RankAndBits(rank: 5, leftBits: 2, rightBits: 7))
    // One side's bits are those of the other, unless said otherwise.
    let one = try RankRule(rank: 5, leftBits: 3)
      .resolve(rows: 10, columns: 10, quantizer: .lloyd)
    #expect(one == RankAndBits(rank: 5, leftBits: 3, rightBits: 3))
  }

  @Test(arguments: [
    RankRule(rank: 0), RankRule(rank: 11), RankRule(rank: -1), RankRule(leftBits: 0),
    RankRule(leftBits: 9), RankRule(rightBits: 17), RankRule(bitsPerEntry: 0),
    RankRule(bitsPerEntry: -1), RankRule(bitsPerEntry: .nan), RankRule(bitsPerEntry: .infinity),
    RankRule(rank: 2, leftBits: 2, rightBits: 2, bitsPerEntry: 1),
    RankRule(rank: 2, leftBits: 2, bitsPerEntry: 1),
    RankRule(rank: 10, bitsPerEntry: 0.1),
  ])
  func wishesThatCannotBeMetAreRefused(rule: RankRule) {
    #expect(throws: PlanError.self) {
      try rule.resolve(rows: 10, columns: 20, quantizer: .lloyd)
    }
  }

  @Test func absurdShapesAreRefusedAndDoNotOverflow() {
    #expect(throws: PlanError.self) {
      try RankRule().resolve(rows: 1 << 40, columns: 1 << 30, quantizer: .lloyd)
    }
  }

  /// What stands in the file: codes, 5 bytes a component and side, and codebooks.
  private static func storedBytes(
    _ n: Int, _ d: Int, _ rank: Int, _ left: Int, _ right: Int, _ quantizer: QuantizerKind
  ) -> Int {
    let shared = Set([left, right]).reduce(0) { $0 + (4 << $1) }
    let books = quantizer == .minmax ? (4 << left) + (4 << right) : shared
    return n * ((rank * left + 7) / 8) + d * ((rank * right + 7) / 8) + 10 * rank + books
  }
}
