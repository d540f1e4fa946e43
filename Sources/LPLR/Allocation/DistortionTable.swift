// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// D(b): the mean squared error of a standard normal number in b bits, with the levels of
/// ``Codebook/normal(bits:)``; D(0) = 1.
struct DistortionTable: Sendable {
  /// Of 0 to `mostBits` bits.
  let values: [Double]

  /// Codes are at most this long: the error is then below that of single precision.
  static let mostBits = 16

  /// The table of the codebook itself.
  static let normal = DistortionTable(
    values: [1]
      + (1...mostBits).map { bits in
        bits <= 8
          ? distortion(of: Codebook.normal(bits: bits)) : asymptote * exp2(-2.0 * Double(bits))
      })

  /// 4^b D(b) for many bits (Panter and Dite, "Quantization distortion in pulse-count modulation
  /// with nonuniform spacing of levels", Proc. IRE 39, 1951).
  private static let asymptote = 3.0.squareRoot() * Double.pi / 2

  /// The table that bits are decided by: error feedback and alternation leave about 0.8 of the
  /// error of independent codes (measured; see the article on the algorithm).
  static let refined = DistortionTable(
    values: [1] + normal.values.dropFirst().map { refinementGain * $0 })
  private static let refinementGain = 0.8

  /// What the b-th bit takes away, b from 1.
  var gains: [Double] { zip(values, values.dropFirst()).map { $0 - $1 } }

  /// The mean squared error of a standard normal number in a codebook, from the integrals of 1, x
  /// and x^2 over each cell.
  private static func distortion(of book: Codebook) -> Double {
    let half = book.levels.count / 2
    var sum = 0.0
    var lower = 0.0
    for k in half..<book.levels.count {
      let upper = k + 1 < book.levels.count ? Double(book.thresholds[k]) : Double.infinity
      let level = Double(book.levels[k])
      let mass = tail(lower) - tail(upper)
      let first = density(lower) - density(upper)
      let edge = upper.isInfinite ? 0 : upper * density(upper)
      let second = mass + lower * density(lower) - edge
      sum += second - 2 * level * first + level * level * mass
      lower = upper
    }
    return 2 * sum
  }
}

/// The density of a standard normal number.
func density(_ x: Double) -> Double {
  x.isInfinite ? 0 : exp(-x * x / 2) / (2 * Double.pi).squareRoot()
}

/// The probability that a standard normal number is above x.
func tail(_ x: Double) -> Double {
  x.isInfinite ? 0 : erfc(x / 2.0.squareRoot()) / 2
}
