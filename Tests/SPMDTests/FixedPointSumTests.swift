// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import MessagePassing
import Testing

extension SPMD {
  @Suite struct FixedPointSumTests {
    /// Some that are added eight at a time, and some that are left.
    private let elements = 21

    /// Terms of many magnitudes, dealt out to the ranks: the sums equal those of one rank, bit for
    /// bit, and the double-precision sums to 1e-12 of the bound.
    @Test func sumsDoNotDependOnTheRanks() throws {
      let world = Job.world
      let terms = (0..<64).map { (term: Int) -> [Double] in
        let factor = Double(term * 7919 % 64 - 31) * 1.37e-3
        return (0..<elements).map { (element: Int) -> Double in
          factor / Double(1 + element * element * 1000)
        }
      }
      let bound = 3.0
      var shared = FixedPointSum(rows: 3, columns: elements / 3, bound: bound)
      var alone = FixedPointSum(rows: 3, columns: elements / 3, bound: bound)
      for (index, term) in terms.enumerated() where index % world.size == world.rank {
        term.withUnsafeBufferPointer { shared.add($0) }
      }
      if world.isRoot {
        for term in terms.reversed() { term.withUnsafeBufferPointer { alone.add($0) } }
      }
      let sums = try shared.total(on: world)
      let expected = try alone.total(on: world)
      #expect(sums == expected)
      for element in 0..<elements {
        let plain = terms.reduce(0) { $0 + $1[element] }
        #expect(abs(sums.elements[element] - plain) < 1e-12 * bound)
      }
    }

    /// The same for terms in single precision that go to one rank.
    @Test func boundedSumsDoNotDependOnTheRanks() throws {
      let world = Job.world
      let terms = (0..<64).map { (term: Int) -> [Float] in
        (0..<elements).map { Float(term * 7919 % 64 - 31) * 1.37e-3 / Float(1 + $0 * $0 * 1000) }
      }
      let bound = 3.0
      let (shared, alone) = (
        BoundedSum(count: elements, bound: bound), BoundedSum(count: elements, bound: bound)
      )
      for (index, term) in terms.enumerated() where index % world.size == world.rank {
        #expect(term.withUnsafeBufferPointer { shared.add($0) })
      }
      if world.isRoot {
        for term in terms.reversed() { #expect(term.withUnsafeBufferPointer { alone.add($0) }) }
      }
      // The sums begin again at zero, so the second time they are those of no terms.
      for round in 0..<2 {
        let sums = try reduce(shared)
        let expected = try reduce(alone)
        #expect(sums == expected)
        guard world.isRoot else { continue }
        for element in 0..<elements {
          let plain = round == 0 ? terms.reduce(0.0) { $0 + Double($1[element]) } : 0
          #expect(abs(sums[element] - plain) < 1e-12 * bound)
        }
      }
    }

    @Test(arguments: [Float.nan, .infinity, 3.5]) func termsAboveTheBoundAreNotAdded(term: Float)
      throws
    {
      let sum = BoundedSum(count: 2, bound: 3)
      #expect(![1, term].withUnsafeBufferPointer { sum.add($0) })
      #expect(try reduce(sum).allSatisfy { $0 == 0 })
    }

    private func reduce(_ sum: BoundedSum) throws -> [Double] {
      var result = [Double](repeating: 0, count: Job.world.isRoot ? sum.count : 0)
      let count = sum.count
      try result.withUnsafeMutableBufferPointer {
        try sum.reduce(count, into: $0, on: Job.world, to: 0)
      }
      return result
    }
  }
}
