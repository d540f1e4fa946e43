// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

@Suite struct ErrorFigureTests {
  @Test func theSquaresOfTailAndGapAddUp() {
    // ||A||^2 = 100, ||A - A_m||^2 = 16, ||A_m - L R^T||^2 = 9: sqrt(16 + 9) / 10.
    let figure = ErrorFigure(energy: 100, tail: 16, inside: 9, outside: 0)
    #expect(figure.norm == 10)
    #expect(figure.relativeError == 0.5 && figure.bound < 0.5 * 1.001)
    #expect(figure.truncationError == 0.4)
    #expect(figure.kind == .exact)
  }

  @Test func aTailThatRoundingHasMadeNegativeIsNone() {
    let figure = ErrorFigure(energy: 1, tail: -1e-9, inside: 0.01, outside: 0)
    #expect(figure.truncationError == 0)
    #expect(abs(figure.relativeError - 0.1) < 1e-7)
    #expect(figure.kind == .exact)
  }

  @Test func whatIsOutsideOfTheBasisMakesAnEstimateWithABound() {
    // Cauchy and Schwarz: the square is at most 16 + 9 + 2 sqrt(16 * 4) = 41.
    let figure = ErrorFigure(energy: 100, tail: 16, inside: 9, outside: 4)
    #expect(figure.relativeError == 0.5)
    #expect(abs(figure.bound - (0.41 + ErrorFigure.rounding).squareRoot()) < 1e-12)
    #expect(figure.kind == .estimate)
    #expect(figure.measured(0.55).kind == .exact)
    #expect(figure.measured(0.55).bound == 0.55)
  }

  @Test func belowTheUsualRoundingItIsABound() {
    let figure = ErrorFigure(energy: 1, tail: 0, inside: 1e-9, outside: 0)
    #expect(figure.kind == .bound)
    #expect(figure.relativeError == (1e-9 + ErrorFigure.rounding).squareRoot())
  }

  @Test func roundingMakesSmallErrorsEstimates() {
    let figure = ErrorFigure(energy: 1, tail: 0, inside: 1e-4, outside: 0)
    #expect(figure.kind == .estimate && figure.relativeError == 0.01)
    #expect(figure.bound > 0.01 && figure.bound < 0.0103)
  }

  @Test func zeroHasNoError() {
    let figure = ErrorFigure(energy: 0, tail: 0, inside: 0, outside: 0)
    #expect(figure.relativeError == 0 && figure.norm == 0 && figure.bound == 0)
    #expect(figure.truncationError == 0)
    #expect(figure.kind == .exact)
  }
}
