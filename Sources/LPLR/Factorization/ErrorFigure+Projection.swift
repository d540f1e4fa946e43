// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

extension ErrorFigure {
  /// ||A - Q C||_F for Q with orthonormal columns, from what two reads of A leave behind:
  ///
  ///     ||A - Q C||^2 = (||A||^2 - ||B||^2) + ||B - C||^2,   B = Q^T A.
  ///
  /// Takes ||A||^2 and this rank's columns of B and C, transposed. Collective.
  init(
    energy: Double, projected bt: borrowing Matrix<Float>, approximated ct: borrowing Matrix<Float>,
    partition: BlockPartition, world: Communicator
  ) throws {
    let mine = partition.range(of: world.rank)
    var table: [Double] = []
    for panel in partition.blocks(of: world.rank) {
      let rows = partition.range(ofBlock: panel).shifted(by: -mine.lowerBound)
      var difference = 0.0
      for index in rows.lowerBound * bt.columns..<rows.upperBound * bt.columns {
        let gap = Double(bt.elements[index]) - Double(ct.elements[index])
        difference += gap * gap
      }
      table += [sumOfSquares(bt.rows(rows)), difference]
    }
    let totals = try world.sumInOrder(table, width: 2)
    self.init(energy: energy, tail: energy - totals[0], inside: totals[1], outside: 0)
  }
}

extension Communicator {
  /// Adds up rows of `width` numbers, of which every rank has some, in the order of ranks and rows:
  /// with one row a panel, the same for any number of ranks. Collective; the root receives one row
  /// a panel.
  func sumInOrder(_ rows: [Double], width: Int) throws -> [Double] {
    let all = try gather(rows, filler: 0)
    var totals = [Double](repeating: 0, count: width)
    for (index, value) in all.enumerated() { totals[index % width] += value }
    return try broadcast(totals, from: 0, filler: 0)
  }
}
