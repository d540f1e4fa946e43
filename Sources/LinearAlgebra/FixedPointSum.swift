// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// A small matrix of sums, each of terms whose sum of magnitudes is known to stay below a bound,
/// that comes out the same in every bit, whatever the order of the terms and however they are spread
/// over ranks.
///
/// Terms are rounded to multiples of a power of two, between bound / 2^61 and bound / 2^60, and added
/// as 64-bit integers: at least as precise as double precision for sums within a factor 100 of the
/// bound. Where no bound is known before
/// the terms are, see ``ReproducibleSum``.
package struct FixedPointSum {
  /// The shape of the matrix of sums.
  package let rows: Int
  package let columns: Int
  private let unit: Double
  private var sums: [Int64]

  /// - Parameter bound: what the sum of the magnitudes of all terms of an element cannot exceed.
  package init(rows: Int, columns: Int, bound: Double) {
    precondition(bound >= 0 && bound.isFinite, "a sum bounded by \(bound)")
    self.rows = rows
    self.columns = columns
    unit = Self.unit(below: bound)
    sums = [Int64](repeating: 0, count: rows * columns)
  }

  /// A power of two, so that rounding to multiples of it is exact arithmetic.
  static func unit(below bound: Double) -> Double {
    let exponent = bound > 0 ? Int(bound.exponent) + 1 : 0
    return Double(sign: .plus, exponent: exponent - 61, significand: 1)
  }

  /// Adds a matrix of terms, row-major.
  package mutating func add(_ terms: UnsafeBufferPointer<Double>) {
    precondition(terms.count == sums.count)
    sums.withUnsafeMutableBufferPointer { addMultiples(of: unit, terms, to: $0) { $0 } }
  }

  /// The same for the upper triangle of a square matrix.
  mutating func addUpperTriangle(_ terms: UnsafeBufferPointer<Double>) {
    precondition(rows == columns && terms.count == sums.count)
    sums.withUnsafeMutableBufferPointer { sums in
      for row in 0..<rows {
        let upper = row * columns + row..<(row + 1) * columns
        addMultiples(
          of: unit, UnsafeBufferPointer(rebasing: terms[upper]),
          to: UnsafeMutableBufferPointer(rebasing: sums[upper])
        ) { $0 }
      }
    }
  }

  /// The sums over all terms of all ranks, on every rank. Collective; 8 bytes a sum are sent.
  package consuming func total(on world: Communicator) throws -> SmallMatrix {
    var all = sums
    try world.allReduce(&all, .sum)
    return SmallMatrix(rows: rows, columns: columns, elements: all.map { Double($0) * unit })
  }
}

/// Adds terms to sums that count multiples of a power of two, rounded to the nearest multiple; magnitudes
/// are below 2^61 units.
///
/// Processors have no instruction for many doubles at once that become 64-bit integers. So a term is cut
/// into multiples of 2^32 units and a rest: adding 1.5 * 2^52 rounds either to an integer, and leaves it
/// in the last bits.
@inline(__always)
func addMultiples<Term: SIMDScalar>(
  of unit: Double, _ terms: UnsafeBufferPointer<Term>, to sums: UnsafeMutableBufferPointer<Int64>,
  widening: (SIMD8<Term>) -> SIMD8<Double>
) {
  precondition(terms.count <= sums.count)
  let perUnit = 1 / unit
  let magic = 1.5 * 0x1p52
  let magicBits = Int64(bitPattern: magic.bitPattern)
  func multiples(_ terms: SIMD8<Term>) -> SIMD8<Int64> {
    let whole = widening(terms) * perUnit
    let coarse = whole * 0x1p-32 + magic
    let fine = (whole - (coarse - magic) * 0x1p32) + magic
    // A vector has no `bitPattern`, and that of each number would undo the vector.
    func integers(_ rounded: SIMD8<Double>) -> SIMD8<Int64> {
      unsafeBitCast(rounded, to: SIMD8<Int64>.self) &- magicBits
    }
    return (integers(coarse) &<< 32) &+ integers(fine)
  }
  let lanes = 8
  let whole = terms.count / lanes * lanes
  let source = UnsafeRawBufferPointer(terms)
  let target = UnsafeMutableRawBufferPointer(sums)
  for index in stride(from: 0, to: whole, by: lanes) {
    let values = source.loadUnaligned(
      fromByteOffset: index * MemoryLayout<Term>.size, as: SIMD8<Term>.self)
    let sum = target.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Int64>.self)
    target.storeBytes(of: sum &+ multiples(values), toByteOffset: 8 * index, as: SIMD8<Int64>.self)
  }
  for index in whole..<terms.count {
    sums[index] &+= multiples(SIMD8(repeating: terms[index]))[0]
  }
}
