// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// The alternative to low rank: every element of A in b bits, with a scale for each row and the
/// levels that are best for normal numbers. Measured on a sample, to be printed beside our result.
struct PlainQuantization: Sendable {
  /// Squared errors in 0, 1, ... `mostBits` bits; in 0 bits, the squared norm of the sample.
  private(set) var squaredErrors = [Double](repeating: 0, count: mostBits + 1)

  static let mostBits = 8
  /// Rows of a block that are looked at.
  private static let sampledRows = 32
  private static let codebooks = (1...mostBits).map { Codebook.normal(bits: $0) }

  /// Adds evenly spaced rows of a block, each with a scale of its own.
  mutating func add(_ block: MatrixView<Float>) {
    let step = max(1, block.rows / Self.sampledRows)
    for row in stride(from: 0, to: block.rows, by: step) {
      let view = block.block(rows: row..<row + 1, columns: 0..<block.columns)
      let values = view.storedRows.flatMap { Array($0) }
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }
      let scale = Float((norm / Double(max(values.count, 1))).squareRoot())
      squaredErrors[0] += norm
      guard scale > 0 else { continue }
      for book in Self.codebooks {
        for value in values {
          let gap = value - scale * book.levels[book.code(of: value / scale)]
          squaredErrors[book.bits] += Double(gap) * Double(gap)
        }
      }
    }
  }

  /// Adds the sums of another sample.
  mutating func add(_ sums: ArraySlice<Double>) {
    for (bits, sum) in sums.enumerated() { squaredErrors[bits] += sum }
  }

  /// The relative error at `bits` bits an element, any real number: between whole numbers, some rows
  /// take one bit more than the others.
  func relativeError(bitsPerEntry bits: Double) -> Double {
    guard squaredErrors[0] > 0 else { return 0 }
    let lower = min(max(0, Int(bits)), Self.mostBits)
    let upper = min(lower + 1, Self.mostBits)
    let share = min(1, max(0, bits - Double(lower)))
    let squared = (1 - share) * squaredErrors[lower] + share * squaredErrors[upper]
    return (squared / squaredErrors[0]).squareRoot()
  }
}
