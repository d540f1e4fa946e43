// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension String {
  /// The same characters as text of HTML and as an attribute's value.
  var escaped: String {
    // Control characters are not allowed in either.
    unicodeScalars.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      case "'": "&#39;"
      case _ where character.value < 32 || character.value == 127: " "
      default: String(character)
      }
    }.joined()
  }
}

extension Double {
  var log10: Double { Foundation.log10(self) }

  static func powerOfTen(_ exponent: Int) -> Double { pow(10, Double(exponent)) }

  /// A coordinate: a tenth of a pixel is enough.
  var pixels: String { isFinite ? "\((self * 10).rounded() / 10)" : "0" }

  /// A number beside an axis: 0.02, 30, 5k, 2M.
  var tick: String {
    let units: [(Double, String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")]
    for (size, letter) in units where Swift.abs(self) >= size {
      let unit = letter == "k" ? 1e3 : size
      return (self / unit).short.withoutTrailingZeros + letter
    }
    return short.withoutTrailingZeros
  }
}

extension String {
  fileprivate var withoutTrailingZeros: String {
    guard contains("."), !contains("e") else { return self }
    let digits = String(reversed().drop { $0 == "0" }.reversed())
    return digits.hasSuffix(".") ? String(digits.dropLast()) : digits
  }
}
