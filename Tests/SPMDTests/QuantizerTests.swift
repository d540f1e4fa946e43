// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import MessagePassing
import TestSupport
import Testing

@testable import LPLR

extension SPMD {
  @Suite struct Quantizers {
    let world = Job.world

    @Test(arguments: QuantizerKind.allCases, [1, 2, 4, 8])
    func sameCodeOnAnyNumberOfRanks(kind: QuantizerKind, bits: Int) throws {
      let values = Self.values(rows: 500, columns: 6)
      let code = try fit(values, columns: 6, kind, bits: bits)
      let all = code.scales + (code.codebooks[bits]?.levels ?? [])
      let mine = Int(truncatingIfNeeded: digest(all))
      let least = try world.allReduce(mine, .min)
      #expect(least == mine, "the ranks have different codes")
      try Job.note("\(kind) of \(bits) bits", digest(all))
    }

    @Test(arguments: [1, 2, 3, 4, 6, 8]) func theScaleIsTheBest(bits: Int) throws {
      let values = Self.values(rows: 2000, columns: 1)
      for kind in [QuantizerKind.lloyd, .uniform] {
        let code = try fit(values, columns: 1, kind, bits: bits)
        let book = try #require(code.codebooks[bits])
        guard world.isRoot else { continue }
        func error(_ scale: Float) -> Double {
          values.reduce(0) { sum, x in
            let gap = Double(x) - Double(scale * book.levels[book.code(of: x / scale)])
            return sum + gap * gap
          }
        }
        let best = (-100...100).map { error(code.scales[0] * Float(1 + Double($0) / 125)) }.min()
        // The search works on a histogram of 2048 bins, and ends at a local minimum.
        #expect(error(code.scales[0]) <= 1.02 * (best ?? 0), "\(kind)")
      }
    }

    @Test func minmaxCoversTheWholeFactorEvenly() throws {
      let code = try fit([-1, 0, 0.5, 3, 1, 2], columns: 2, .minmax, bits: 2)
      #expect(code.scales == [1, 1])
      #expect(code.codebooksAreOwn)
      let levels = try #require(code.codebooks[2]?.levels)
      for (level, expected) in zip(levels, [-1, 1.0 / 3, 5.0 / 3, 3] as [Float]) {
        #expect(abs(level - expected) < 1e-6)
      }
    }

    /// Both ends of single precision, and components that are all zero.
    @Test(arguments: QuantizerKind.allCases, [0, 1e-42, 1e-39, 1e-38, 1e-30, 1e30, 1e37])
    func everyMagnitudeIsDecodedToItsAccuracy(kind: QuantizerKind, magnitude: Double) throws {
      let values = Self.values(rows: 100, columns: 3).map { $0 * Float(magnitude) }
      let code = try fit(values, columns: 3, kind, bits: 8)
      let decoded = Self.decoded(values, columns: 3, code)
      #expect(decoded.allSatisfy { $0.isFinite })
      var (error, norm) = (0.0, 0.0)
      for (x, y) in zip(values, decoded) {
        error += (Double(x) - Double(y)) * (Double(x) - Double(y))
        norm += Double(x) * Double(x)
      }
      // Numbers near the least one are multiples of it, and so is the scale.
      let step = Double(Float.leastNonzeroMagnitude)
      #expect(error <= 4e-4 * norm + 300 * 16 * step * step, "\(error / norm)")
    }

    /// Scales of normal components are their root mean squares; those of a few large rows among
    /// zeros are wide enough not to cut them off, by about as much as can be had.
    @Test(arguments: [4, 8]) func outliersAskForWiderScales(bits: Int) throws {
      let rows = BlockPartition(extent: 4000, blockSize: 100, ranks: world.size)
      let mine = rows.range(of: world.rank)
      let all = Self.values(rows: 4000, columns: 2)
      let x = Matrix<Float>(rows: mine.count, columns: 2, repeating: 0)
      let normal: [Float] = (0..<4000).map { all[2 * $0] }
      let sparse: [Float] = (0..<4000).map { $0 % 50 == 0 ? 7 * all[2 * $0 + 1] : 0 }
      let squares = [normal, sparse].map { values in
        values.reduce(0.0) { $0 + Double($1) * Double($1) }
      }
      for row in mine {
        x[row - mine.lowerBound, 0] = normal[row]
        x[row - mine.lowerBound, 1] = sparse[row]
      }
      let shapes = try ComponentShapes(
        of: x, squares: squares, rows: 4000, bits: [UInt8(bits), UInt8(bits)], on: world)
      #expect(shapes.scales[0] == 1)
      #expect(shapes.scales[1] > 1.5)

      let book = Codebook.normal(bits: bits)
      func error(_ scale: Double) -> Double {
        sparse.reduce(0.0) { sum, x in
          let level = Double(book.levels[book.code(of: Float(Double(x) / scale))]) * scale
          return sum + (Double(x) - level) * (Double(x) - level)
        }
      }
      let usual = (squares[1] / 4000).squareRoot()
      #expect(error(shapes.scales[1] * usual) < 0.5 * error(usual))
      let best = (1...100).map { error(usual * Double($0) / 5) }.min() ?? 0
      #expect(error(shapes.scales[1] * usual) <= 1.05 * best)
    }

    // MARK: Helpers

    static func values(rows: Int, columns: Int) -> [Float] {
      let random = Philox(seed: 11, stream: 4)
      return (0..<rows).flatMap { row in
        var values = [Float](repeating: 0, count: columns)
        values.withUnsafeMutableBufferPointer { random.fillNormal($0, index: row) }
        return values
      }
    }

    /// The code of a matrix whose rows are spread over the ranks in blocks of 37.
    private func fit(_ values: [Float], columns: Int, _ kind: QuantizerKind, bits: Int) throws
      -> FactorCode
    {
      let partition = BlockPartition(
        extent: values.count / columns, blockSize: 37, ranks: world.size)
      let mine = partition.range(of: world.rank)
      let factor = Matrix<Float>(rows: mine.count, columns: columns, repeating: 0)
      for index in factor.elements.indices {
        factor.elements[index] = values[mine.lowerBound * columns + index]
      }
      return try kind.quantizer.fit(
        factor.view, bits: [UInt8](repeating: UInt8(bits), count: columns), on: world)
    }

    private static func decoded(_ values: [Float], columns: Int, _ code: FactorCode) -> [Float] {
      let factor = Matrix<Float>(rows: values.count / columns, columns: columns, repeating: 0)
      _ = factor.elements.update(fromContentsOf: values)
      let bytes = code.encode(factor.view)
      bytes.withUnsafeBufferPointer { code.decode($0, into: factor.view) }
      return Array(factor.elements)
    }
  }
}
