// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct CodebookTests {
  /// Table I of Max, "Quantizing for minimum distortion" (1960): the positive levels for 2, 4, 8
  /// and 16 levels, and the mean squared error.
  @Test(arguments: [
    (1, [0.7980], 0.3634), (2, [0.4528, 1.510], 0.1175),
    (3, [0.2451, 0.7560, 1.344, 2.152], 0.03454),
    (4, [0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733], 0.009497),
  ])
  func levelsAreThoseOfMax(bits: Int, levels: [Double], distortion: Double) {
    let book = Codebook.normal(bits: bits)
    let positive = book.levels[(1 << (bits - 1))...].map(Double.init)
    #expect(positive.count == levels.count)
    for (level, expected) in zip(positive, levels) { #expect(abs(level - expected) < 6e-4) }
    #expect(book.levels.reversed().map { -$0 } == book.levels)
    #expect(abs(Self.distortion(of: book) / distortion - 1) < 1e-3)
  }

  @Test func moreBitsLessDistortion() {
    let errors = (1...8).map { Self.distortion(of: Codebook.normal(bits: $0)) }
    // In the limit a bit is worth 6 dB, a factor of 4.
    for (error, next) in zip(errors, errors.dropFirst()) { #expect(next < error / 3) }
    // The uniform levels, at any scale, are no better.
    for bits in 1...8 {
      let uniform = Codebook.symmetric(bits: bits)
      let best = (1...60).map { Self.distortion(of: uniform, scale: 0.1 * Double($0)) }.min() ?? 0
      #expect(best >= errors[bits - 1] * 0.999)
    }
  }

  static let books: [Codebook] =
    (1...8).map(Codebook.normal) + [1, 3, 8].map(Codebook.symmetric)
    + [Codebook.uniform(bits: 4, from: -0.3, to: 7), Codebook.uniform(bits: 2, from: 5, to: 5)]

  @Test(arguments: books.indices) func theCodeIsThatOfTheNearestLevel(index: Int) {
    let book = Self.books[index]
    let values =
      (-600...600).map { Float($0) / 97 } + book.levels + book.thresholds + [1e30, -1e30]
    for value in values {
      let code = book.code(of: value)
      let nearest = book.levels.map { abs(Double($0) - Double(value)) }.min() ?? 0
      let own = abs(Double(book.levels[code]) - Double(value))
      // Thresholds are rounded to single precision.
      let rounding = 2e-7 * Double(abs(value))
      #expect(own <= nearest * (1 + 1e-6) + rounding, "\(value) became \(book.levels[code])")
    }
  }

  @Test(arguments: books.indices) func levelsAndThresholdsAscendByTurns(index: Int) {
    let book = Self.books[index]
    #expect(book.levels.count == 1 << book.bits)
    #expect(book.thresholds.count == book.levels.count - 1)
    for (place, threshold) in book.thresholds.enumerated() {
      #expect(book.levels[place] <= threshold && threshold <= book.levels[place + 1])
    }
  }

  @Test func uniformLevelsIncludeBothEnds() {
    let book = Codebook.uniform(bits: 3, from: -2, to: 5)
    #expect(book.levels == [-2, -1, 0, 1, 2, 3, 4, 5])
    #expect(Codebook.symmetric(bits: 1).levels == [-1, 1])
  }

  /// The mean squared error for a standard normal number, by quadrature.
  private static func distortion(of book: Codebook, scale: Double = 1) -> Double {
    let step = 1e-3
    return stride(from: -8.0, through: 8.0, by: step).reduce(0) { sum, x in
      let level = scale * Double(book.levels[book.code(of: Float(x / scale))])
      return sum + (x - level) * (x - level) * exp(-x * x / 2) * step
    } / (2 * Double.pi).squareRoot()
  }
}
