// SPDX-License-Identifier: Apache-2.0

import CRandom123
import Foundation
import LinearAlgebra
import Testing

@Suite struct PhiloxTests {
  /// The known answers for philox4x32-10 that come with Random123 (`kat_vectors`).
  @Test(arguments: [
    (
      key: UInt64(0), low: UInt64(0), high: UInt64(0),
      words: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8] as [UInt32]
    ),
    (
      key: UInt64.max, low: UInt64.max, high: UInt64.max,
      words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      key: 0x299f_31d0_a409_3822, low: 0x85a3_08d3_243f_6a88, high: 0x0370_7344_1319_8a2e,
      words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ])
  func knownAnswers(key: UInt64, low: UInt64, high: UInt64, words: [UInt32]) {
    var out = [UInt32](repeating: 0, count: 4)
    lplr_philox4x32(key, low, high, &out)
    #expect(out == words)
  }

  @Test func signsAreSigns() {
    // The mean of 64000 signs is beyond 5 standard deviations with probability 6e-7.
    let rows = (0..<100).map { signs(row: $0, count: 640) }
    let all = rows.joined()
    #expect(all.allSatisfy { $0 == 1 || $0 == -1 })
    #expect(abs(all.reduce(0, +)) < 5 * Float(64_000).squareRoot())
    // So is the product of two rows, and of two columns.
    for other in 1..<100 {
      let product = zip(rows[0], rows[other]).map { $0 * $1 }.reduce(0, +)
      #expect(abs(product) < 5.5 * Float(640).squareRoot())
    }
    for other in 1..<640 {
      let product = rows.map { $0[0] * $0[other] }.reduce(0, +)
      #expect(abs(product) < 60, "columns 0 and \(other)")
    }
  }

  @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    // Of n = 200000 numbers; each bound is 5 standard deviations of the moment.
    let all = (0..<200).flatMap { normals(row: $0, count: 1000) }.map(Double.init)
    let n = Double(all.count)
    func moment(_ power: Double) -> Double { all.reduce(0) { $0 + pow($1, power) } / n }
    #expect(abs(moment(1)) < 5 * (1 / n).squareRoot())
    #expect(abs(moment(2) - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(moment(3)) < 5 * (15 / n).squareRoot())
    #expect(abs(moment(4) - 3) < 5 * (96 / n).squareRoot())
    // 4.55 % are beyond two standard deviations.
    let far = Double(all.filter { abs($0) > 2 }.count)
    #expect(abs(far / n - 0.0455) < 5 * (0.0455 / n).squareRoot())
    #expect(all.allSatisfy { $0.isFinite })
  }

  @Test func aPartOfARowEqualsThatPartOfTheWhole() {
    let whole = normals(row: 5, count: 100)
    for first in stride(from: 0, to: 100, by: 4) {
      for count in [1, 2, 3, 4, 5, 16] where first + count <= 100 {
        #expect(normals(row: 5, count: count, first: first) == Array(whole[first..<first + count]))
      }
    }
    for count in [1, 31, 32, 33, 127, 128, 129] {
      #expect(signs(row: 9, count: count) == Array(signs(row: 9, count: 300)[..<count]))
    }
  }

  @Test func rowsSeedsAndStreamsDiffer() {
    let places = [(1, 1, 0), (1, 1, 1), (1, 2, 0), (2, 1, 0)].map { seed, stream, row in
      signs(row: row, count: 128, Philox(seed: UInt64(seed), stream: UInt64(stream)))
    }
    #expect(Set(places).count == 4)
    #expect(Philox(seed: 1 << 40, stream: 1) != Philox(seed: 0, stream: 1))
  }

  @Test func goldenSigns() {
    // These decide every factor file with `--sketch signs`: they must never change.
    let row = signs(row: 3, count: 32, Philox(seed: 42, stream: 1))
    let bits = row.enumerated().reduce(UInt32(0)) { $0 | ($1.element < 0 ? 1 << $1.offset : 0) }
    #expect(bits == 0xe941_055b)
  }

  private func signs(
    row: Int, count: Int, _ random: Philox = Philox(seed: 1, stream: 1)
  ) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { random.fillSigns($0, index: row) }
    return values
  }

  private func normals(row: Int, count: Int, first: Int = 0) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer {
      Philox(seed: 1, stream: 2).fillNormal($0, index: row, first: first)
    }
    return values
  }
}
