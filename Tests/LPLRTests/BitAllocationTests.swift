// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LPLR

@Suite struct BitAllocationTests {
  static let spectra: [[Double]] = [
    (0..<40).map { exp(-Double($0) / 5) }, (0..<40).map { 1 / Double($0 + 1) },
    [Double](repeating: 1, count: 40), [1] + [Double](repeating: 1e-12, count: 39), [0],
  ]

  @Test(arguments: spectra, [(1000, 900), (8000, 100)])
  func fitsTheSizeAndFillsIt(energies: [Double], shape: (n: Int, d: Int)) throws {
    for bitsPerEntry in [0.1, 1] {
      let bytes = Int(bitsPerEntry * Double(shape.n * shape.d) / 8)
      guard
        let allocation = BitAllocation.leastError(
          energies: energies, rows: shape.n, columns: shape.d, bytes: bytes)
      else { continue }
      let used = allocation.byteCount(rows: shape.n, columns: shape.d)
      #expect(used <= bytes)
      // More bits than all components can have are left over; so is less than a byte a row.
      let most = BitAllocation(
        rank: energies.count, leftBits: DistortionTable.mostBits,
        rightBits: DistortionTable.mostBits
      ).byteCount(rows: shape.n, columns: shape.d)
      let longest = allocation.left.max() ?? 0
      // Nor can a side take more than the longest codes that pay for their codebook.
      let isFull = [allocation.left, allocation.right].contains { side in
        side.allSatisfy { $0 == side[0] }
      }
      if bytes < most / 2, !isFull {
        #expect(used + min(shape.n, shape.d) + (8 << Int(longest)) > bytes * 99 / 100)
      }
      for side in [allocation.left, allocation.right] {
        #expect(zip(side, side.dropFirst()).allSatisfy { $0 >= $1 } && side.allSatisfy { $0 >= 1 })
      }
    }
  }

  @Test(arguments: spectra) func theErrorNeverGrowsWithTheSize(energies: [Double]) throws {
    var last = Double.infinity
    for bytes in stride(from: 2_000, to: 60_000, by: 18_000) {
      let allocation = BitAllocation.leastError(
        energies: energies, rows: 1000, columns: 800, bytes: bytes)
      guard let allocation else { continue }
      let error = allocation.totalError(energies: energies)
      #expect(error <= last * 1.002, "\(bytes) bytes")
      last = error
    }
  }

  /// Exchanging a bit between two components of the left factor never helps.
  @Test func noExchangeOfTwoBitsHelps() throws {
    let energies = Self.spectra[0]
    let allocation = try #require(
      BitAllocation.leastError(energies: energies, rows: 1000, columns: 1000, bytes: 20_000))
    let best = allocation.expectedError(energies: energies)
    for giver in allocation.left.indices where allocation.left[giver] > 1 {
      for taker in allocation.left.indices where taker != giver {
        var left = allocation.left
        left[giver] -= 1
        left[taker] += 1
        let other = BitAllocation(left: left, right: allocation.right)
        #expect(other.expectedError(energies: energies) >= best * (1 - 1e-9))
      }
    }
  }

  @Test func aShortFactorGetsMoreBits() throws {
    let allocation = try #require(
      BitAllocation.leastError(
        energies: Self.spectra[0], rows: 20_000, columns: 500, bytes: 1_000_000))
    let bits = { (side: [UInt8]) in side.reduce(0) { $0 + Int($1) } }
    #expect(bits(allocation.right) > bits(allocation.left))
  }

  @Test func theFewestBytesForAnError() throws {
    let energies = Self.spectra[0]
    let total = energies.reduce(0, +)
    for error in [0.1, 0.003] {
      let target = error * error * total
      let found = BitAllocation.leastBytes(
        energies: energies, tail: 0, rows: 1500, columns: 1200, squaredError: target)
      #expect(found.totalError(energies: energies) <= target)
      let bytes = found.byteCount(rows: 1500, columns: 1200)
      let smaller = try #require(
        BitAllocation.leastError(
          energies: energies, rows: 1500, columns: 1200, bytes: bytes * 97 / 100))
      #expect(smaller.totalError(energies: energies) > target)
    }
  }

  @Test func distortionsAreThoseOfTheTables() {
    // Max 1960, table 1; beyond, a quarter with each bit.
    for (bits, value) in [(0, 1.0), (1, 0.3634), (2, 0.1175), (3, 0.03454), (4, 0.009497)] {
      #expect(abs(DistortionTable.normal.values[bits] - value) < 0.0005 * value + 1e-5)
    }
    let values = DistortionTable.normal.values
    for bits in 1..<DistortionTable.mostBits {
      #expect(values[bits + 1] < values[bits] && values[bits + 1] > values[bits] / 4.2)
    }
  }
}
