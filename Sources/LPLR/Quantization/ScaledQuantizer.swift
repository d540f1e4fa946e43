// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import MessagePassing

/// A fixed codebook, symmetric around zero, scaled for each component so that the mean squared error
/// is least.
///
/// The error as a function of the scale is evaluated on a histogram of absolute values: counts are
/// integers, so their sum over ranks does not depend on the distribution of the rows.
/// Cost: two sweeps over the factor, one reduction of `binCount` integers a component.
struct ScaledQuantizer: Quantizer {
  /// The codebook for a number of bits.
  let codebook: (Int) -> Codebook

  func fit(_ factor: MatrixView<Float>, bits: [UInt8], on world: Communicator) throws -> FactorCode
  {
    let histogram = try MagnitudeHistogram(of: factor, on: world)
    let books = Dictionary(
      uniqueKeysWithValues: Set(bits.map(Int.init)).subtracting([0]).map { ($0, codebook($0)) })
    // Each component is searched by one rank.
    var scales = [Float](repeating: 0, count: bits.count)
    for component in stride(from: world.rank, to: bits.count, by: world.size) {
      guard let book = books[Int(bits[component])] else { continue }
      scales[component] = Float(histogram.bestFit(of: component, in: book).scale)
    }
    try world.allReduce(&scales, .sum)
    return FactorCode(bits: bits, scales: scales, codebooks: books, codebooksAreOwn: false)
  }
}

/// How often each magnitude occurs in each component of a factor whose rows are spread over ranks.
struct MagnitudeHistogram {
  static let binCount = 2048

  /// The largest magnitude of each component.
  let largest: [Float]
  /// `binCount` counts for each component, over [0, largest].
  let counts: [Int]

  init(largest: [Float], counts: [Int]) { (self.largest, self.counts) = (largest, counts) }

  /// Collective.
  init(of factor: MatrixView<Float>, on world: Communicator) throws {
    let components = factor.columns
    var largest = [Float](repeating: 0, count: components)
    for row in factor.storedRows {
      for component in 0..<components {
        largest[component] = max(largest[component], abs(row[component]))
      }
    }
    try world.allReduce(&largest, .max)
    // In double precision: the inverse of a small float32 is infinite.
    let perUnit = largest.map { $0 > 0 ? Double(Self.binCount) / Double($0) : 0 }
    var counts = [Int](repeating: 0, count: components * Self.binCount)
    for row in factor.storedRows {
      for component in 0..<components {
        let bin = min(Int(Double(abs(row[component])) * perUnit[component]), Self.binCount - 1)
        counts[component * Self.binCount + bin] += 1
      }
    }
    try world.allReduce(&counts, .sum)
    self.largest = largest
    self.counts = counts
  }

  /// The squared error of a component in a symmetric codebook at a scale.
  func squaredError(of component: Int, in book: Codebook, scale: Double) -> Double {
    let (xx, xc, cc) = moments(component, book, scale: scale)
    return max(0, xx - 2 * scale * xc + scale * scale * cc)
  }

  /// The scale of least squared error for a symmetric codebook, and this error; 0 if the component is
  /// zero.
  ///
  /// A coarse search over factors of 2^(1/4), a finer one around the best of them, since the error
  /// has many local minima, then Lloyd's step for the scale alone: for the codes of a scale s the
  /// best scale is <x, c> / <c, c>.
  func bestFit(of component: Int, in book: Codebook) -> (scale: Double, error: Double) {
    guard largest[component] > 0, let top = book.levels.last else { return (0, 0) }
    let widest = Double(largest[component]) / Double(top)
    func search(_ scales: [Double]) -> (scale: Double, error: Double) {
      scales.map { fit(component, book, scale: $0) }.min { $0.error < $1.error } ?? (widest, 0)
    }
    let coarse = search((0...24).map { widest * exp2(-Double($0) / 4) })
    var best = search((-12...12).map { coarse.scale * exp2(Double($0) / 48) })
    for _ in 0..<8 {
      let next = fit(component, book, scale: best.scale)
      guard next.error < best.error else { break }
      best = next
    }
    return best
  }

  /// The best scale for the codes that a scale gives, and its squared error.
  private func fit(_ component: Int, _ book: Codebook, scale: Double) -> (
    scale: Double, error: Double
  ) {
    let (xx, xc, cc) = moments(component, book, scale: scale)
    guard cc > 0 else { return (scale, xx) }
    return (xc / cc, xx - xc * xc / cc)
  }

  /// <x, x>, <x, c> and <c, c> for the values x in the middle of their bins and the levels c that
  /// their codes at a scale stand for.
  private func moments(_ component: Int, _ book: Codebook, scale: Double) -> (
    xx: Double, xc: Double, cc: Double
  ) {
    let width = Double(largest[component]) / Double(Self.binCount)
    var (xx, xc, cc) = (0.0, 0.0, 0.0)
    var code = book.levels.count / 2
    for bin in 0..<Self.binCount {
      let count = Double(counts[component * Self.binCount + bin])
      let x = (Double(bin) + 0.5) * width
      while code + 1 < book.levels.count, x >= Double(book.thresholds[code]) * scale { code += 1 }
      guard count > 0 else { continue }
      let level = Double(book.levels[code])
      xx += count * x * x
      xc += count * x * level
      cc += count * level * level
    }
    return (xx, xc, cc)
  }
}
