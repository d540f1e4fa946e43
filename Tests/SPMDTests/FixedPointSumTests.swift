// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import MessagePassing
import Testing

extension SPMD {
  @Suite struct FixedPointSumTests {
    /// Terms of many magnitudes, dealt out to the ranks: the sums equal those of one rank, bit for
    /// bit, and the double-precision sums to 1e-12 of the bound.
    @Test func sumsDoNotDependOnTheRanks() throws {
      let world = Job.world
      let terms = (0..<64).map { (term: Int) -> [Double] in
        let factor = Double(term * 7919 % 64 - 31) * 1.37e-3
        return (0..<6).map { (element: Int) -> Double in
          factor / Double(1 + element * element * 1000)
        }
      }
      let bound = 3.0
      var shared = FixedPointSum(rows: 2, columns: 3, bound: bound)
      var alone = FixedPointSum(rows: 2, columns: 3, bound: bound)
      for (index, term) in terms.enumerated() where index % world.size == world.rank {
        term.withUnsafeBufferPointer { shared.add($0) }
      }
      if world.isRoot {
        for term in terms.reversed() { term.withUnsafeBufferPointer { alone.add($0) } }
      }
      let sums = try shared.total(on: world)
      let expected = try alone.total(on: world)
      #expect(sums == expected)
      for element in 0..<6 {
        let plain = terms.reduce(0) { $0 + $1[element] }
        #expect(abs(sums.elements[element] - plain) < 1e-12 * bound)
      }
    }
  }
}
