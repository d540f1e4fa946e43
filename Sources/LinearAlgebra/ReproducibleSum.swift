// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// An array of sums of single-precision numbers that come out the same in every bit, whatever the
/// order of the terms and however they are spread over ranks.
///
/// Goals, in this order: independence of the order; 23 to 47 bits below the largest term; plain
/// vectorizable arithmetic; 8 bytes a number on the wire.
///
/// Every term is rounded to a multiple of a grid g before it is added, and integer multiples of g
/// add without rounding. g follows from the largest term of all: powers of 2^24 divide the range of
/// exponents into bins, and g is one bin below that of the largest term. As the largest term is not
/// known before the end, each sum is kept in two parts, the multiples of the top bin's grid and the
/// rest; when a larger term arrives the top part becomes the rest, and the old rest, which is finer
/// than the new g, is dropped. What remains is the sum of all terms rounded to g: a bin ends at half of
/// the next one's grid, so that what a jump over a bin drops is below g / 2.
///
/// This is the indexed summation of Demmel and Nguyen, "Parallel reproducible summation" (IEEE
/// Trans. Computers 64(7), 2015), with one bin for a whole array. Deviations: bins are common to
/// the array, the last step packs both parts into one 64-bit integer. A sum of all terms in
/// double-double would be more exact and still depend on the order; a superaccumulator of the
/// whole range of exponents would take 40 bytes a number.
package final class ReproducibleSum: ExactSum {
  /// The number of sums.
  package let count: Int
  private let top: UnsafeMutableBufferPointer<Double>
  private let rest: UnsafeMutableBufferPointer<Double>
  /// The largest term is below 2^(24 (bin + 1) - 1); nil while all terms are zero.
  private var bin: Int?

  private static let binWidth = 24
  /// The most terms that a sum has room for.
  package static let mostTerms = 1 << 13

  package init(count: Int) {
    self.count = count
    top = .allocate(capacity: count)
    rest = .allocate(capacity: count)
    top.initialize(repeating: 0)
    rest.initialize(repeating: 0)
  }

  deinit {
    top.deallocate()
    rest.deallocate()
  }

  /// Starts again from zero.
  private func reset() {
    top.update(repeating: 0)
    rest.update(repeating: 0)
    bin = nil
  }

  /// Adds one term to each of the first `terms.count` sums; false, and nothing is added, if a term
  /// is not finite.
  package func add(_ terms: UnsafeBufferPointer<Float>) -> Bool {
    precondition(terms.count <= count, "\(terms.count) terms for \(count) sums")
    let largest = largestMagnitude(terms)
    guard largest.isFinite else { return false }
    guard largest > 0 else { return true }
    raise(to: Self.bin(of: largest))
    guard let bin else { return true }
    // Adding 1.5 * 2^52 * g rounds to a multiple of g, for terms below 2^51 g.
    let coarse = 1.5 * Double(sign: .plus, exponent: 52 + Self.binWidth * bin, significand: 1)
    let fine = 1.5 * Double(sign: .plus, exponent: 52 + Self.binWidth * (bin - 1), significand: 1)
    guard let source = terms.baseAddress, let top = top.baseAddress, let rest = rest.baseAddress
    else { return true }
    for i in 0..<terms.count {
      let term = Double(source[i])
      let high = (term + coarse) - coarse
      top[i] += high
      rest[i] += ((term - high) + fine) - fine
    }
    return true
  }

  /// The first `count` sums over all terms of all ranks, in double precision, in `result` on `root`;
  /// elsewhere nothing is written. Starts again from zero. Collective; 8 bytes a sum are sent.
  package func reduce(
    _ count: Int, into result: UnsafeMutableBufferPointer<Double>, on world: Communicator,
    to root: Int
  ) throws(MPIError) {
    precondition(count <= self.count && (world.rank != root || result.count == count))
    let highest = try world.allReduce(bin ?? Int.min / 2, .max)
    guard highest > Int.min / 2 else {
      if world.rank == root { result.update(repeating: 0) }
      return
    }
    raise(to: highest)
    let unit = Double(sign: .plus, exponent: Self.binWidth * (highest - 1), significand: 1)
    let perUnit = 1 / unit
    // Both parts are multiples of the unit: at most 2^47 and 2^23 of them a term, so that `mostTerms`
    // cannot overflow. The memory of `top` is used again.
    let packed = UnsafeMutableRawBufferPointer(top).bindMemory(to: Int64.self)
    for i in 0..<count {
      let value = Int64(top[i] * perUnit) + Int64(rest[i] * perUnit)
      packed[i] = value
    }
    try world.reduce(UnsafeMutableBufferPointer(rebasing: packed[..<count]), .sum, to: root)
    if world.rank == root {
      for i in 0..<count { result[i] = Double(packed[i]) * unit }
    }
    _ = UnsafeMutableRawBufferPointer(packed).bindMemory(to: Double.self)
    reset()
  }

  /// Moves up to a bin of larger terms, if it is one.
  private func raise(to new: Int) {
    guard let old = bin, old < new else {
      bin = bin ?? new
      return
    }
    if new == old + 1 {
      _ = rest.update(fromContentsOf: top)
    } else {
      rest.update(repeating: 0)
    }
    top.update(repeating: 0)
    bin = new
  }

  /// b with 2^(24 b - 1) <= x < 2^(24 (b + 1) - 1).
  private static func bin(of x: Float) -> Int {
    let exponent = Int(Double(x).exponent) + 1
    return exponent >= 0 ? exponent / binWidth : -((binWidth - 1 - exponent) / binWidth)
  }
}
