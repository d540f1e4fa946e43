// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct ErrorFeedbackTests {
  private static let rank = 70

  /// G = B^T B / 70 + I / 10 for a random B.
  private static func metric() -> SmallMatrix {
    let random = Philox(seed: 3, stream: 1)
    let b = Matrix<Float>(rows: rank, columns: rank, repeating: 0)
    for (index, row) in b.view.storedRows.enumerated() { random.fillNormal(row, index: index) }
    var g = SmallMatrix.identity(rank)
    for i in 0..<rank {
      for j in 0..<rank {
        var sum = i == j ? 0.1 : 0
        for k in 0..<rank { sum += Double(b[k, i] * b[k, j]) / Double(rank) }
        g[i, j] = sum
      }
    }
    return g
  }

  private static func weights(_ g: SmallMatrix) throws -> SmallMatrix {
    var weights = try Cholesky(g).lower
    for column in 0..<rank {
      let pivot = weights[column, column]
      for row in 0..<rank { weights[row, column] = row > column ? weights[row, column] / pivot : 0 }
    }
    return weights
  }

  private static func targets() -> Matrix<Float> {
    let targets = Matrix<Float>(rows: 200, columns: rank, repeating: 0)
    let random = Philox(seed: 5, stream: 1)
    for (index, row) in targets.view.storedRows.enumerated() {
      random.fillNormal(row, index: index)
    }
    return targets
  }

  private static let code = FactorCode(
    bits: [UInt8](repeating: 2, count: rank), scales: [Float](repeating: 1.1, count: rank),
    codebooks: [2: .normal(bits: 2)], codebooksAreOwn: false)

  /// Codes of rows of targets, which are overwritten by their values.
  private static func encode(_ rows: borrowing Matrix<Float>, _ weights: SmallMatrix) -> [UInt8] {
    let components = Matrix<Float>(rows: rows.columns, columns: rows.rows, repeating: 0)
    for row in 0..<rows.rows {
      for column in 0..<rows.columns { components[column, row] = rows[row, column] }
    }
    let bytes = ErrorFeedback(code: code, weights: weights.rounded()).encode(components)
    for row in 0..<rows.rows {
      for column in 0..<rows.columns { rows[row, column] = components[column, row] }
    }
    return bytes
  }

  /// sum over rows of e^T G e.
  private static func error(
    _ values: borrowing Matrix<Float>, _ targets: borrowing Matrix<Float>, _ g: SmallMatrix
  ) -> Double {
    var total = 0.0
    for row in 0..<targets.rows {
      for i in 0..<rank {
        for j in 0..<rank {
          total +=
            Double(values[row, i] - targets[row, i]) * g[i, j]
            * Double(values[row, j] - targets[row, j])
        }
      }
    }
    return total
  }

  @Test func lowersTheErrorInTheMetric() throws {
    let g = Self.metric()
    let values = Self.targets()
    _ = Self.encode(values, try Self.weights(g))
    let alone = Self.targets()
    _ = Self.encode(alone, .identity(0))
    let targets = Self.targets()
    #expect(Self.error(values, targets, g) < 0.9 * Self.error(alone, targets, g))
  }

  @Test func codesStandForTheValues() throws {
    let values = Self.targets()
    let bytes = Self.encode(values, try Self.weights(Self.metric()))
    let decoded = Matrix<Float>(rows: values.rows, columns: Self.rank, repeating: 0)
    bytes.withUnsafeBufferPointer { Self.code.decode($0, into: decoded.view) }
    #expect(Array(values.elements) == Array(decoded.elements))
  }

  @Test func withoutFeedbackItIsPlainCoding() {
    let values = Self.targets()
    let bytes = Self.encode(values, .identity(0))
    let targets = Self.targets()
    #expect(bytes == Self.code.encode(targets.view))
  }

  /// Against the definition, component by component without groups.
  @Test func equalsSuccessiveCancellation() throws {
    let weights = try Self.weights(Self.metric())
    let values = Self.targets()
    _ = Self.encode(values, weights)
    let targets = Self.targets()
    let book = Codebook.normal(bits: 2)
    var different = 0
    for row in 0..<20 {
      var errors = [Double](repeating: 0, count: Self.rank)
      for k in (0..<Self.rank).reversed() {
        var target = Double(targets[row, k])
        for l in k + 1..<max(Self.rank, k + 1) { target -= weights[l, k] * errors[l] }
        let value = book.levels[book.code(of: Float(target / 1.1))] * 1.1
        if value != values[row, k] { different += 1 }
        errors[k] = Double(values[row, k] - targets[row, k])
      }
    }
    // Rounding may turn a tie.
    #expect(different <= 1)
  }
}
