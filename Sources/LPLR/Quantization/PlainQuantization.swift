// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import MessagePassing

/// The alternative to low rank: every element of A in b bits, with a scale for each row and the levels
/// that fit the elements best. Measured on a sample, to be printed beside our result.
///
/// Keeps how often each value occurs, in units of the root mean square of its row; counts are
/// integers, so their sums do not depend on who counted.
struct PlainQuantization: Sendable {
  /// Over [-range, range).
  private(set) var counts = [Int](repeating: 0, count: binCount)

  static let binCount = 2048
  private static let range: Float = 8
  private static let mostBits = 8
  /// Rows of a block that are looked at.
  private static let sampledRows = 32

  init() {}

  /// Goes on from earlier ``counts``.
  init(counts: [Int]) { self.counts = counts }

  /// Counts evenly spaced rows of a block.
  mutating func add(_ block: MatrixView<Float>) {
    let step = max(1, block.rows / Self.sampledRows)
    let perUnit = Float(Self.binCount) / (2 * Self.range)
    for row in stride(from: 0, to: block.rows, by: step) {
      let view = block.block(rows: row..<row + 1, columns: 0..<block.columns)
      let values = view.storedRows.flatMap { Array($0) }
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }
      let scale = Float((norm / Double(max(values.count, 1))).squareRoot())
      guard scale > 0, scale.isFinite else { continue }
      for value in values {
        let bin = ((value / scale + Self.range) * perUnit).rounded(.down)
        counts[Int(max(0, min(bin, Float(Self.binCount - 1))))] += 1
      }
    }
  }

  /// Adds what all ranks have counted. Collective.
  mutating func total(on world: Communicator) throws { try world.allReduce(&counts, .sum) }

  /// The relative error at `bits` bits an element, any real number: between whole numbers, some rows
  /// take one bit more than the others. Beyond 8 bits, where cells are as fine as the histogram, each
  /// bit halves it.
  func relativeError(bitsPerEntry bits: Double) -> Double {
    guard counts.contains(where: { $0 > 0 }) else { return 0 }
    let lower = max(0, Int(bits))
    let share = min(1, max(0, bits - Double(lower)))
    return ((1 - share) * squaredError(lower) + share * squaredError(lower + 1)).squareRoot()
  }

  private func squaredError(_ bits: Int) -> Double {
    guard bits > 0 else { return 1 }
    guard bits <= Self.mostBits else {
      return squaredError(Self.mostBits) * pow(4, Double(Self.mostBits - bits))
    }
    return min(
      squaredError(from: quantiles(1 << bits) { $0 }),
      squaredError(from: quantiles(1 << bits) { pow($0, 1 / 3) }))
  }

  /// The relative squared error of fitted levels, by Lloyd's iteration.
  private func squaredError(from start: [Double]) -> Double {
    var levels = start
    for _ in 0..<100 {
      let cells = self.cells(levels)
      levels = zip(levels, cells).map { $1.count > 0 ? $1.sum / $1.count : $0 }
    }
    let cells = self.cells(levels)
    let total = cells.reduce(0) { $0 + $1.squares }
    let error = zip(levels, cells).reduce(0) { sum, cell in
      let (level, values) = cell
      return sum + values.squares - 2 * level * values.sum + level * level * values.count
    }
    return total > 0 ? max(0, error / total) : 0
  }

  /// The values in the middle of `count` cells of equal weight: of as many elements each, or by the cube
  /// root of their density, which is best for cells that are small.
  private func quantiles(_ count: Int, weight: (Double) -> Double) -> [Double] {
    let weights = counts.map { weight(Double($0)) }
    // Rounding must not leave a cell out.
    let total = weights.reduce(0, +) * (1 - 1e-9)
    var values: [Double] = []
    var below = 0.0
    for (bin, occurrences) in weights.enumerated() {
      below += occurrences
      while values.count < count, (Double(values.count) + 0.5) / Double(count) * total <= below {
        values.append(Self.value(ofBin: bin))
      }
    }
    return values
  }

  private static func value(ofBin bin: Int) -> Double {
    (Double(bin) + 0.5) * 2 * Double(range) / Double(binCount) - Double(range)
  }

  /// The values nearest to each of the ascending levels.
  private func cells(_ levels: [Double]) -> [(count: Double, sum: Double, squares: Double)] {
    var cells = levels.map { _ in (count: 0.0, sum: 0.0, squares: 0.0) }
    var cell = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      let value = Self.value(ofBin: bin)
      while cell + 1 < levels.count, value > (levels[cell] + levels[cell + 1]) / 2 { cell += 1 }
      cells[cell].count += Double(count)
      cells[cell].sum += Double(count) * value
      cells[cell].squares += Double(count) * value * value
    }
    return cells
  }
}
