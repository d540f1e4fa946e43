// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
package import ParallelHDF5

/// Measures the error of factors against the matrix they came from, by one read of it.
package struct Verifier {
  package let world: Communicator
  /// Bytes for the tiles of a rank.
  package let memory: Int
  private let progress: RunProgress?

  package init(memory: Int?, on world: Communicator, progress: RunProgress? = nil) {
    self.memory = memory ?? 256 << 20
    self.world = world
    self.progress = progress
  }

  /// ||A - left right^T||_F / ||A||_F, in all and for each column block. Collective.
  ///
  /// Residuals in single precision, their squares summed in double precision.
  package func verify(_ path: String, against inputPath: String, dataset: String?) throws
    -> VerificationReport
  {
    let clock = StageClock(progress)
    let factors = try world.openFactors(path)
    let input = try InputMatrix(
      path: inputPath, dataset: dataset ?? factors.group, axis: .columns, on: world)
    try world.agreeOnRoot {
      guard input.rows == factors.rows, input.columns == factors.columns else {
        throw InputError.badData(
          "\(input.dataset.name): is \(input.rows) x \(input.columns), the factors in \(path) are "
            + "those of a \(factors.rows) x \(factors.columns) matrix")
      }
    }
    let grid = MatrixGrid(
      rows: input.rows, columns: input.columns, width: 1, ranks: world.size)
    let plan = try world.agree {
      try MemoryPlan(
        grid: grid, width: 1, sketchWidth: 1, keepsBothSides: false, axis: .columns,
        chunk: input.dataset.chunk, keepsTiles: false, limit: memory)
    }
    let stream = BlockStream(
      grid: grid, rank: world.rank, tilesPerGroup: 1, columnsPerRead: plan.columnsPerRead)
    let sweep = Sweep(
      tiles: TileReader(input: input, stream: stream, keeping: 0), world: world, clock: clock)
    let squares = try Residual(sweep: sweep).squares(rank: factors.rank) { tile, target in
      try world.agree {
        try factors.readLeft(rows: grid.tiles.range(ofBlock: tile), into: target)
      }
    } right: { columns, target in
      try factors.readRight(rows: columns, into: target)
    }
    try world.agree {
      try input.checkUnchanged()
      try factors.checkUnchanged()
    }
    let table = try world.broadcast(try world.gather(squares, filler: 0), from: 0, filler: 0)
    return VerificationReport(
      panels: (0..<grid.panels.count).map { panel in
        (grid.panels.range(ofBlock: panel), table[2 * panel], table[2 * panel + 1])
      }, claimed: factors.attributes, times: try clock.summary(on: world))
  }
}

/// What a verification has found.
package struct VerificationReport: Sendable {
  /// For each column block: its columns, ||residual||^2 and ||A||^2.
  package let panels: [(columns: Range<Int>, residual: Double, norm: Double)]
  /// The attributes of the factors.
  package let claimed: [String: AttributeValue]
  package let times: StageTimes

  /// ||A - left right^T||_F / ||A||_F; 0 if both are zero.
  package var relativeError: Double {
    let residual = panels.reduce(0) { $0 + $1.residual }
    let norm = panels.reduce(0) { $0 + $1.norm }
    return Self.ratio(residual, norm)
  }

  private static func ratio(_ residual: Double, _ norm: Double) -> Double {
    residual == 0 ? 0 : (residual / norm).squareRoot()
  }

  private static let mostLines = 16

  /// One line for some column blocks, and the whole.
  package var text: String {
    var claim = ""
    if case .number(let error)? = claimed["relative_error"],
      case .text(let kind)? = claimed["error_kind"]
    {
      claim = "\nthe file says   \(error) (\(kind))"
    }
    let perLine = (panels.count + Self.mostLines - 1) / Self.mostLines
    let lines = stride(from: 0, to: panels.count, by: max(1, perLine)).map { first in
      let block = panels[first..<min(first + perLine, panels.count)]
      let columns = panels[first].columns.lowerBound..<(block.last?.columns.upperBound ?? 0)
      return "columns \(columns.lowerBound):\(columns.upperBound)  "
        + Self.ratio(block.reduce(0) { $0 + $1.residual }, block.reduce(0) { $0 + $1.norm }).short
    }
    return lines.joined(separator: "\n") + "\nrelative error  \(relativeError)" + claim
      + "\nseconds         \(times.text)"
  }
}
