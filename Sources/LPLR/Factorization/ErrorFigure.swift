// SPDX-License-Identifier: Apache-2.0

/// What kind of figure an error is.
package enum ErrorKind: String, Codable, Sendable {
  /// The error itself, to about 1e-3 of its value.
  case exact
  /// The error is at most this.
  case bound
  /// Close to the error; how far it can be off is said beside it.
  case estimate
}

/// The relative Frobenius error of factors, from what the reads of A leave behind:
///
///     ||A - L R^T||^2 = ||A - A_m||^2 + ||A_m - L R^T||^2 - 2 <A - A_m, L R^T>,   A_m = Q Q^T A.
///
/// The last term sees only the part of L R^T outside of the range of Q. It is zero if L = Q C (the
/// published method). Otherwise that part is rounding noise of codes, which has no reason to be
/// correlated with the rest of A: the term is left out of the figure and bounded by Cauchy and
/// Schwarz.
///
/// All sums in double precision. But ||A - A_m||^2 = ||A||^2 - ||A_m||^2 cancels, and A_m comes from
/// products in single precision: where their rounding errors do not average out, as in a constant
/// matrix, the difference is off by up to ``rounding`` ||A||^2, which the bound includes.
package struct ErrorFigure: Sendable {
  /// ||A||_F.
  package let norm: Double
  /// ||A - L R^T||_F / ||A||_F, of the stated kind; 0 for A = 0.
  package let relativeError: Double
  package let kind: ErrorKind
  /// The relative error is not above this.
  package let bound: Double
  /// ||A - A_m||_F / ||A||_F: what is lost by the choice of the basis alone.
  package let truncationError: Double

  /// The figure without allowance for rounding: as close as can be told without reading A again.
  package let estimate: Double

  /// Above the largest relative error of ||A||^2 - ||A_m||^2 that was seen, 3.1e-6 on a constant
  /// matrix; 1e-7 and less is usual (see the article on the algorithm).
  package static let rounding = 5e-6

  /// - Parameters:
  ///   - energy: ||A||^2.
  ///   - tail: ||A - A_m||^2.
  ///   - inside: ||A_m - L R^T||^2.
  ///   - outside: ||(I - Q Q^T) L R^T||^2.
  init(energy: Double, tail: Double, inside: Double, outside: Double) {
    norm = energy.squareRoot()
    guard energy > 0 else {
      (relativeError, estimate, truncationError, bound, kind) = (0, 0, 0, 0, .exact)
      return
    }
    let squared = max(0, tail + inside) / energy
    let truncation = max(0, tail) / energy
    // A tail that drowns in rounding may be as large as the rounding.
    let cross =
      2 * (max(outside > 0 ? Self.rounding : 0, truncation) * outside / energy).squareRoot()
    estimate = squared.squareRoot()
    truncationError = truncation.squareRoot()
    bound = (squared + Self.rounding + cross).squareRoot()
    // Below the usual rounding, not even an estimate.
    if squared < Self.rounding / 30 {
      (relativeError, kind) = (bound, .bound)
    } else {
      (relativeError, kind) = (estimate, bound <= 1.001 * estimate ? .exact : .estimate)
    }
  }

  /// The same factors after their error was measured by a read of A.
  func measured(_ relativeError: Double) -> ErrorFigure {
    ErrorFigure(
      norm: norm, relativeError: relativeError, estimate: relativeError, kind: .exact,
      bound: relativeError,
      truncationError: truncationError)
  }

  private init(
    norm: Double, relativeError: Double, estimate: Double, kind: ErrorKind, bound: Double,
    truncationError: Double
  ) {
    self.norm = norm
    self.relativeError = relativeError
    self.estimate = estimate
    self.kind = kind
    self.bound = bound
    self.truncationError = truncationError
  }
}
