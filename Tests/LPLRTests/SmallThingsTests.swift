// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0, "0"), (1, "1.0"), (0.12345, "0.1235"), (-0.12345, "-0.1235"), (1234.5678, "1235"),
    (98_765.4, "98765"), (3.14159, "3.142"), (0.00098765, "0.0009877"), (1e9, "1000000000"),
    (1.23456e-9, "1.235e-9"), (-6.54321e20, "-6.543e20"), (9.99996e-12, "1.0e-11"),
    (.infinity, "inf"),
  ])
  func fourDigits(number: Double, text: String) { #expect(number.short == text) }

  @Test func theTextIsTheNumberToFourDigits() throws {
    for exponent in -300...300 {
      for factor in [1.0, 1.0004, 2.71828, 9.9994, 9.9996, -5.5555] {
        let number = factor * pow(10, Double(exponent))
        let back = try #require(Double(number.short), "\(number.short)")
        #expect(abs(back / number - 1) <= 5.01e-4, "\(number) became \(number.short)")
      }
    }
  }
}

@Suite struct MatrixKindTests {
  @Test(arguments: [
    ("exponential:50", MatrixKind.exponential(decay: 50)),
    ("exponential:0.5", .exponential(decay: 0.5)), ("polynomial:1", .polynomial(power: 1)),
    ("polynomial:0", .polynomial(power: 0)), ("lowrank:32", .lowRank(components: 32)),
    ("phantom", .phantom),
  ])
  func isRead(text: String, kind: MatrixKind) { #expect(MatrixKind(text) == kind) }

  @Test(arguments: [
    "", "phantom:1", "exponential", "exponential:", "exponential:0", "exponential:-1",
    "exponential:x", "exponential:1:2", "lowrank:1.5", "lowrank:0", "lowrank:1e9", "lowrank:nan",
    "polynomial:-1", "Phantom", "gauss:3",
  ])
  func anythingElseIsRefused(text: String) { #expect(MatrixKind(text) == nil) }

  @Test func singularValuesFollowTheirLaw() {
    let exponential = MatrixKind.exponential(decay: 2).singularValues(most: 1000)
    #expect(exponential[0] == 1 && abs(exponential[2] - exp(-1)) < 1e-15)
    // Those below 1e-9 are left out: exp(-i / 2) at i = 42.
    #expect(exponential.count == 42)
    #expect(MatrixKind.polynomial(power: 1).singularValues(most: 4) == [1, 0.5, 1.0 / 3, 0.25])
    #expect(MatrixKind.lowRank(components: 5).singularValues(most: 3) == [1, 1, 1])
    #expect(MatrixKind.phantom.singularValues(most: 10).isEmpty)
  }

  @Test func thePhantomIsThePicture() {
    // Outside, skull, brain, a ventricle, the large ellipse above.
    #expect(phantom(x: 0.99, y: 0.99) == 0)
    #expect(phantom(x: 0, y: 0.9) == 1)
    #expect(abs(phantom(x: 0, y: -0.3) - 0.2) < 1e-12)
    #expect(abs(phantom(x: 0.22, y: 0)) < 1e-12)
    #expect(abs(phantom(x: 0, y: 0.35) - 0.3) < 1e-12)
  }
}

@Suite struct SumOfSquaresTests {
  @Test(arguments: [0, 1, 7, 8, 9, 16, 1000]) func isTheSum(count: Int) {
    let values = (0..<count).map { Float($0) - 3.5 }
    let expected = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(values.withUnsafeBufferPointer(sumOfSquares) - expected) <= 1e-12 * expected)
  }

  @Test func theLargestNumbersDoNotOverflow() {
    let values = [Float](repeating: Float.greatestFiniteMagnitude, count: 1000)
    #expect(values.withUnsafeBufferPointer(sumOfSquares).isFinite)
  }

  @Test func whatIsNotFiniteShowsAndIsFound() {
    for place in [0, 7, 8, 14] {
      for bad in [Float.nan, .infinity, -.infinity] {
        let matrix = Matrix<Float>(rows: 3, columns: 5, repeating: 1)
        matrix.elements[place] = bad
        #expect(!sumOfSquares(matrix.view).isFinite)
        let found = firstNonFinite(matrix.view)
        #expect(found?.row == place / 5 && found?.column == place % 5)
        let turned = firstNonFinite(matrix.view.transposed)
        #expect(turned?.row == place % 5 && turned?.column == place / 5)
      }
    }
    let finite = Matrix<Float>(rows: 3, columns: 5, repeating: 1)
    #expect(firstNonFinite(finite.view) == nil)
  }
}

@Suite struct SketchTests {
  @Test(arguments: SketchKind.allCases) func anyRowsAreThoseOfTheWhole(kind: SketchKind) {
    let sketch = kind.dense(seed: 3)
    let whole = sketch.rows(0..<40, width: 130)
    let part = sketch.rows(17..<23, width: 130)
    #expect(Array(part.elements) == Array(whole.elements[17 * 130..<23 * 130]))
    // Another seed is another sketch.
    let other = kind.dense(seed: 4).rows(0..<40, width: 130)
    #expect(Array(other.elements) != Array(whole.elements))
  }

  @Test(arguments: SketchKind.allCases) func elementsHaveMeanZeroAndVarianceOne(kind: SketchKind) {
    let sketch = kind.dense(seed: 9).rows(0..<400, width: 100)
    let n = Double(sketch.elements.count)
    let mean = sketch.elements.reduce(0) { $0 + Double($1) } / n
    let variance = sketch.elements.reduce(0) { $0 + Double($1) * Double($1) } / n
    // Five standard deviations of the mean, and of the variance of normal numbers.
    #expect(abs(mean) < 5 / n.squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / n).squareRoot())
  }
}

@Suite struct PackedWidthTests {
  @Test(arguments: 1...16) func everyCodeOfAWidthSurvives(width: Int) {
    let packing = BitPacking(bits: [3, UInt8(width), 5])
    let last = (1 << width) - 1
    for code in [0, 1, last / 2, last - 1, last] where code >= 0 {
      var row = [UInt8](repeating: 0xff, count: packing.rowBytes)
      packing.pack(into: &row) { [5, code, 17][$0] }
      var unpacked: [Int] = []
      packing.unpack(row, components: 3) { unpacked.append($1) }
      #expect(unpacked == [5, code, 17])
    }
  }
}
