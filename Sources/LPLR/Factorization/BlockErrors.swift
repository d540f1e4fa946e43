// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// The measured error of each column block, on every rank.
struct BlockErrors: Sendable {
  /// The columns of A in each block, ||residual||_F^2 and ||A||_F^2.
  let panels: [(columns: Range<Int>, residual: Double, norm: Double)]

  /// Takes ||A_panel - L R_panel^T||^2 and ||A_panel||^2 of each panel of this rank, one after the
  /// other. Collective; two numbers a panel travel.
  init(_ squares: [Double], panels partition: BlockPartition, on world: Communicator) throws {
    let table = try world.broadcast(try world.gather(squares, filler: 0), from: 0, filler: 0)
    panels = (0..<partition.count).map { panel in
      (partition.range(ofBlock: panel), table[2 * panel], table[2 * panel + 1])
    }
  }

  /// ||A - L R^T||_F / ||A||_F, summed in the order of panels; 0 if both are zero.
  var relativeError: Double { Self.relativeError(of: panels[...]) }

  /// The same of some blocks; infinite if only the matrix is zero there.
  static func relativeError(
    of panels: ArraySlice<(columns: Range<Int>, residual: Double, norm: Double)>
  ) -> Double {
    let residual = panels.reduce(0) { $0 + $1.residual }
    return residual == 0 ? 0 : (residual / panels.reduce(0) { $0 + $1.norm }).squareRoot()
  }
}
