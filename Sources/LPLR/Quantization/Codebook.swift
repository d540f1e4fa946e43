// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

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

  /// Evenly spaced levels around zero, from -1 to 1 in steps of 2 / (2^b - 1), to be scaled.
  static func symmetric(bits: Int) -> Codebook {
    uniform(bits: bits, from: -1, to: 1)
  }

  /// The levels of least mean squared error for a standard normal number: Max, "Quantizing for
  /// minimum distortion" (IRE Trans. Information Theory 6, 1960); Lloyd, "Least squares
  /// quantization in PCM" (1982).
  static func normal(bits: Int) -> Codebook {
    normalBooks.withLock { books in
      if let book = books[bits] { return book }
      let book = makeNormal(bits: bits)
      books[bits] = book
      return book
    }
  }

  private static let normalBooks = Mutex<[Int: Codebook]>([:])

  private static func makeNormal(bits: Int) -> Codebook {
    let half = 1 << (bits - 1)
    // Start from the asymptotic point density, the normal density to the power 1/3, whose
    // quantiles are those of a normal number of variance 3.
    var levels = (0..<half).map { k in
      normalQuantile(0.5 + (Double(k) + 0.5) / Double(2 * half)) * 3.0.squareRoot()
    }
    for _ in 0..<50 {
      let step = newtonStep(levels)
      levels = zip(levels, step).map { $0 + $1 }
      if step.allSatisfy({ abs($0) < 1e-12 }) { break }
    }
    let positive = levels.map { Float($0) }
    return Codebook(bits: bits, levels: positive.reversed().map { -$0 } + positive)
  }
}

extension Codebook {
  /// Bytes of the codebooks for some numbers of bits, each once; those of 0 bits have none.
  static func byteCount(of bits: some Sequence<Int>) -> Int {
    Set(bits).subtracting([0]).reduce(0) { $0 + (4 << $1) }
  }

  /// The codebooks of ``normal(bits:)`` for the bits in use.
  static func normalBooks(for bits: [UInt8]) -> [Int: Codebook] {
    let used = Set(bits.map(Int.init)).subtracting([0])
    return Dictionary(uniqueKeysWithValues: used.map { ($0, Codebook.normal(bits: $0)) })
  }
}

/// One step of Newton's method for levels (the positive half) that are the means of their cells:
/// level_k = mean of a normal number between the midpoints on both sides, a tridiagonal system.
private func newtonStep(_ levels: [Double]) -> [Double] {
  var pivots: [Double] = []
  var upper: [Double] = []
  var right: [Double] = []
  for (k, level) in levels.enumerated() {
    let a = k > 0 ? (levels[k - 1] + level) / 2 : 0
    let b = k + 1 < levels.count ? (level + levels[k + 1]) / 2 : Double.infinity
    let mass = tail(a) - tail(b)
    let mean = (density(a) - density(b)) / mass
    // How the mean moves with each neighbour: half as fast as with the midpoint.
    let byLower = k > 0 ? density(a) * (mean - a) / mass / 2 : 0
    let byUpper = b.isInfinite ? 0 : density(b) * (b - mean) / mass / 2
    var pivot = 1 - byLower - byUpper
    var value = mean - level
    if k > 0 {
      let factor = -byLower / pivots[k - 1]
      pivot -= factor * upper[k - 1]
      value -= factor * right[k - 1]
    }
    pivots.append(pivot)
    upper.append(-byUpper)
    right.append(value)
  }
  for k in levels.indices.reversed() {
    let above = k + 1 < levels.count ? upper[k] * right[k + 1] : 0
    right[k] = (right[k] - above) / pivots[k]
  }
  return right
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
