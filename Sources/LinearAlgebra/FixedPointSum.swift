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
    let perUnit = 1 / unit
    for index in sums.indices { sums[index] &+= Int64(terms[index] * perUnit) }
  }

  /// The same for the upper triangle of a square matrix.
  mutating func addUpperTriangle(_ terms: UnsafeBufferPointer<Double>) {
    precondition(rows == columns && terms.count == sums.count)
    let perUnit = 1 / unit
    for row in 0..<rows {
      for index in row * columns + row..<(row + 1) * columns {
        sums[index] &+= Int64(terms[index] * perUnit)
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
