// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// What kind of figure an error is.
package enum ErrorKind: String, Codable, Sendable {
  /// The error itself, to about 1e-3 of its value.
  case exact
  /// The error is at most this.
  case bound
}

/// ||A - Q C||_F for Q with orthonormal columns, from what two reads of A leave behind:
///
///     ||A - Q C||^2 = (||A||^2 - ||B||^2) + ||B - C||^2,   B = Q^T A.
///
/// All sums in double precision. The first difference cancels: B carries rounding errors of single
/// precision, so below ``resolution`` only a bound is known.
package struct Certificate: Sendable {
  /// ||A||_F.
  package let norm: Double
  /// ||A - Q C||_F / ||A||_F, 0 for A = 0.
  package let relativeError: Double
  package let kind: ErrorKind
  /// ||A - B-part||_F / ||A||_F: what is lost by the choice of the basis alone.
  package let truncationError: Double

  /// The relative error below which the certificate is only a bound: the square root of the
  /// relative rounding error of ||A||^2 - ||B||^2, measured at up to 2e-9 (see the article on the
  /// algorithm).
  package static let resolution = 1e-4

  /// From ||A||^2 of each panel of this rank and its columns of B and C, transposed. Collective.
  init(
    energies: [Double], projected bt: borrowing Matrix<Float>,
    approximated ct: borrowing Matrix<Float>, partition: BlockPartition, world: Communicator
  ) throws {
    let mine = partition.range(of: world.rank)
    var table: [Double] = []
    for (panel, energy) in zip(partition.blocks(of: world.rank), energies) {
      let rows = partition.range(ofBlock: panel).shifted(by: -mine.lowerBound)
      let elements = rows.lowerBound * bt.columns..<rows.upperBound * bt.columns
      var difference = 0.0
      for index in elements {
        let gap = Double(bt.elements[index]) - Double(ct.elements[index])
        difference += gap * gap
      }
      table += [energy, sumOfSquares(bt.rows(rows)), difference]
    }
    // One row a panel, summed in the order of panels: the same for any number of ranks.
    let all = try world.gather(table, filler: 0)
    var totals = [0.0, 0.0, 0.0]
    for (index, value) in all.enumerated() { totals[index % 3] += value }
    totals = try world.broadcast(totals, from: 0, filler: 0)
    self.init(energy: totals[0], projected: totals[1], difference: totals[2])
  }

  init(energy: Double, projected: Double, difference: Double) {
    norm = energy.squareRoot()
    guard energy > 0 else {
      (relativeError, truncationError, kind) = (0, 0, .exact)
      return
    }
    let truncation = max(0, energy - projected) / energy
    let squared = truncation + difference / energy
    let floor = Self.resolution * Self.resolution
    truncationError = truncation.squareRoot()
    // A tail that drowns in rounding may be as large as the rounding.
    kind = squared < 10 * floor ? .bound : .exact
    relativeError = (kind == .bound ? squared + floor : squared).squareRoot()
  }
}
