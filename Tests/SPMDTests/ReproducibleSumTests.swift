// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import MessagePassing
import TestSupport
import Testing

extension SPMD {
  /// The sums have the same bits whatever the order of the terms and wherever they are added.
  @Suite struct ReproducibleSums {
    let world = Job.world

    /// Which rank adds a term.
    enum Spread: CaseIterable {
      case roundRobin, contiguous, allOnTheLast

      func owner(of term: Int, terms: Int, ranks: Int) -> Int {
        switch self {
        case .roundRobin: term % ranks
        case .contiguous: term * ranks / terms
        case .allOnTheLast: ranks - 1
        }
      }
    }

    /// Terms by row; every row is added as one array.
    static let families: [(name: String, rows: [[Float]])] = [
      ("terms of one size", family(terms: 200, decades: 0)),
      ("30 decades", family(terms: 200, decades: 30)),
      ("denormal terms", family(terms: 60, decades: 6).map { $0.map { $0 * 0x1p-133 } }),
      // One bin is a factor of 2^24: terms on both sides of the edges.
      (
        "edges of bins",
        (-3...3).flatMap { k in
          [0.3, 0.5, 0.75, 0.999, 1, 1.25].map { [scalbn(Float($0), 24 * k)] }
        }
      ),
      // What is more than half a unit of the last grid and came before it was known.
      ("a jump over a bin", [[0.75], [0.9], [-0.6], [0x1.8p24]]),
      ("zeros", [[0, 0], [0, 0]]),
      ("cancelling terms", [[1e20, 3], [-1e20, 4], [1, 5]]),
    ]

    @Test(arguments: families.indices) func sameBitsForAnyOrderAndSpread(index: Int) throws {
      let (name, rows) = Self.families[index]
      var results: [[Double]] = []
      for spread in Spread.allCases {
        for order in 0..<4 {
          results.append(try sum(rows, in: permutation(of: rows.count, order), spread))
        }
      }
      #expect(Set(results).count == 1, "\(name): \(Set(results).count) different sums")
      try Job.note("sum of \(name)", digest(results[0]))
    }

    @Test(arguments: families.indices) func closeToTheSumInDoublePrecision(index: Int) throws {
      let (name, rows) = Self.families[index]
      let result = try sum(rows, in: Array(rows.indices), .roundRobin)
      guard world.isRoot else { return }
      // Every term is rounded to a multiple of at most 2^-22 of the largest one.
      let largest = rows.joined().map { abs(Double($0)) }.max() ?? 0
      let bound = Double(rows.count) * largest * 0x1p-23
      for column in rows[0].indices {
        let exact = rows.reduce(0.0) { $0 + Double($1[column]) }
        #expect(abs(result[column] - exact) <= bound, "\(name), column \(column)")
      }
    }

    @Test func aTermThatIsNotFiniteIsRefusedAndNotAdded() throws {
      let sum = ReproducibleSum(count: 2)
      #expect(add([1, 2], to: sum))
      for bad in [Float.nan, .infinity, -.infinity] { #expect(!add([3, bad], to: sum)) }
      let p = Double(world.size)
      #expect(try reduce(sum, count: 2) == (world.isRoot ? [p, 2 * p] : []))
    }

    @Test func startsAgainFromZero() throws {
      let sum = ReproducibleSum(count: 1)
      _ = add([1e30], to: sum)
      _ = try reduce(sum, count: 1)
      _ = add([1e-30], to: sum)
      let tiny = try reduce(sum, count: 1)
      guard world.isRoot else { return }
      #expect(abs(tiny[0] / (1e-30 * Double(world.size)) - 1) < 1e-6)
    }

    // MARK: Helpers

    private static func family(terms: Int, decades: Double) -> [[Float]] {
      let random = Philox(seed: 7, stream: 1)
      return (0..<terms).map { term in
        var row = [Float](repeating: 0, count: 12)
        row.withUnsafeMutableBufferPointer { random.fillNormal($0, index: term) }
        let power = (Double(term * 37 % terms) / Double(terms) - 0.5) * decades
        return row.map { $0 * Float(pow(10, power)) }
      }
    }

    private func permutation(of count: Int, _ order: Int) -> [Int] {
      switch order {
      case 0: Array(0..<count)
      case 1: (0..<count).reversed()
      default: (0..<count).sorted { $0 &* 7919 &* order % 211 < $1 &* 7919 &* order % 211 }
      }
    }

    private func sum(_ rows: [[Float]], in order: [Int], _ spread: Spread) throws -> [Double] {
      let sum = ReproducibleSum(count: rows[0].count)
      for (place, term) in order.enumerated()
      where spread.owner(of: place, terms: order.count, ranks: world.size) == world.rank {
        #expect(add(rows[term], to: sum))
      }
      return try reduce(sum, count: rows[0].count)
    }

    private func add(_ row: [Float], to sum: ReproducibleSum) -> Bool {
      row.withUnsafeBufferPointer { sum.add($0) }
    }

    private func reduce(_ sum: ReproducibleSum, count: Int) throws -> [Double] {
      var result = [Double](repeating: -1, count: world.isRoot ? count : 0)
      try result.withUnsafeMutableBufferPointer {
        try sum.reduce(count, into: $0, on: world, to: 0)
      }
      return result
    }
  }
}
