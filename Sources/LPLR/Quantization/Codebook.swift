// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The 2^b levels that codes of b bits stand for, in ascending order.
package struct Codebook: Equatable, Sendable {
  /// Bits of a code, 1 to 16.
  package let bits: Int
  /// 2^bits levels, ascending.
  package let levels: [Float]
  /// The midpoints between neighbours, where one code gives way to the next.
  package let thresholds: [Float]

  package init(bits: Int, levels: [Float]) {
    precondition((1...16).contains(bits) && levels.count == 1 << bits)
    self.bits = bits
    self.levels = levels
    thresholds = zip(levels, levels.dropFirst()).map { Float((Double($0) + Double($1)) / 2) }
  }

  /// The code of the nearest level; a tie goes up. `bits` comparisons.
  @inline(__always)
  package func code(of value: Float) -> Int {
    thresholds.withUnsafeBufferPointer { thresholds in
      var code = 0
      var step = 1 << (bits - 1)
      while step > 0 {
        if value >= thresholds[code + step - 1] { code += step }
        step >>= 1
      }
      return code
    }
  }

  /// Evenly spaced levels from `lower` to `upper`, both included.
  static func uniform(bits: Int, from lower: Double, to upper: Double) -> Codebook {
    let last = Double((1 << bits) - 1)
    return Codebook(
      bits: bits, levels: (0..<1 << bits).map { Float(lower + (upper - lower) * Double($0) / last) }
    )
  }

  /// Evenly spaced levels around zero, -(2^b - 1) ... -1, 1 ... 2^b - 1, to be scaled.
  static func symmetric(bits: Int) -> Codebook {
    uniform(bits: bits, from: -1, to: 1)
  }

  /// The levels of least mean squared error for a standard normal number: Max, "Quantizing for
  /// minimum distortion" (IRE Trans. Information Theory 6, 1960); Lloyd, "Least squares
  /// quantization in PCM" (1982). Beyond 8 bits, the uniform codebook of as many levels.
  static func normal(bits: Int) -> Codebook {
    guard bits <= 8 else { return symmetric(bits: bits) }
    let half = 1 << (bits - 1)
    // Start from the asymptotic point density, the normal density to the power 1/3, whose
    // quantiles are those of a normal number of variance 3.
    var levels = (0..<half).map { k in
      normalQuantile(0.5 + (Double(k) + 0.5) / Double(2 * half)) * 3.0.squareRoot()
    }
    // Lloyd's iteration on the positive half: each level to the mean of its cell.
    for _ in 0..<20_000 {
      var change = 0.0
      var lower = 0.0
      for k in 0..<half {
        let upper = k + 1 < half ? (levels[k] + levels[k + 1]) / 2 : Double.infinity
        let mass = tail(lower) - tail(upper)
        let mean = (density(lower) - density(upper)) / mass
        change = max(change, abs(mean - levels[k]))
        levels[k] = mean
        lower = upper
      }
      if change < 1e-9 { break }
    }
    let positive = levels.map { Float($0) }
    return Codebook(bits: bits, levels: positive.reversed().map { -$0 } + positive)
  }
}

/// The density of a standard normal number.
private func density(_ x: Double) -> Double {
  x.isInfinite ? 0 : exp(-x * x / 2) / (2 * Double.pi).squareRoot()
}

/// The probability that a standard normal number is above x.
private func tail(_ x: Double) -> Double {
  x.isInfinite ? 0 : erfc(x / 2.0.squareRoot()) / 2
}

/// The x with that probability below it, by bisection.
private func normalQuantile(_ probability: Double) -> Double {
  var (lower, upper) = (-10.0, 10.0)
  while upper - lower > 1e-12 {
    let middle = (lower + upper) / 2
    if 1 - tail(middle) < probability { lower = middle } else { upper = middle }
  }
  return (lower + upper) / 2
}
