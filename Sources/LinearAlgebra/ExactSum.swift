// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// An array of sums of single-precision numbers that come out the same in every bit, whatever the order
/// of the terms and however they are spread over ranks.
package protocol ExactSum: AnyObject {
  /// Adds one term to each of the first `terms.count` sums; false, and nothing is added, if a term is
  /// not finite, or not below the bound that the sums were made for.
  func add(_ terms: UnsafeBufferPointer<Float>) -> Bool

  /// The first `count` sums over all terms of all ranks, in double precision, in `result` on `root`;
  /// elsewhere nothing is written. Starts again from zero. Collective; 8 bytes a sum are sent.
  func reduce(
    _ count: Int, into result: UnsafeMutableBufferPointer<Double>, on world: Communicator,
    to root: Int
  ) throws(MPIError)
}

/// Sums of terms whose magnitudes are known to add up to less than a bound: terms are rounded to
/// multiples of a power of two, between bound / 2^61 and bound / 2^60, and added as 64-bit integers.
package final class BoundedSum: ExactSum {
  /// The number of sums.
  package var count: Int { sums.count }
  private let bound: Float
  private let unit: Double
  private let sums: UnsafeMutableBufferPointer<Int64>

  package init(count: Int, bound: Double) {
    precondition(bound >= 0 && bound.isFinite, "sums bounded by \(bound)")
    self.bound = Float(bound)
    unit = FixedPointSum.unit(below: bound)
    sums = .allocate(capacity: count)
    sums.initialize(repeating: 0)
  }

  deinit { sums.deallocate() }

  package func add(_ terms: UnsafeBufferPointer<Float>) -> Bool {
    precondition(terms.count <= sums.count, "\(terms.count) terms for \(sums.count) sums")
    let largest = largestMagnitude(terms)
    guard largest.isFinite, largest <= bound else { return false }
    addMultiples(of: unit, terms, to: sums) { SIMD8<Double>($0) }
    return true
  }

  package func reduce(
    _ count: Int, into result: UnsafeMutableBufferPointer<Double>, on world: Communicator,
    to root: Int
  ) throws(MPIError) {
    precondition(count <= sums.count && (world.rank != root || result.count == count))
    try world.reduce(UnsafeMutableBufferPointer(rebasing: sums[..<count]), .sum, to: root)
    if world.rank == root {
      for i in 0..<count { result[i] = Double(sums[i]) * unit }
    }
    sums.update(repeating: 0)
  }
}

/// The largest absolute value, NaN or infinite if an element is.
func largestMagnitude(_ values: UnsafeBufferPointer<Float>) -> Float {
  // Bit patterns of absolute values are ordered like the values, and NaN stands above infinity.
  var largest: UInt32 = 0
  for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
  return Float(bitPattern: largest)
}
