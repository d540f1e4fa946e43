// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
internal import ParallelHDF5

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
    return VerificationReport(
      blocks: try BlockErrors(squares, panels: grid.panels, on: world), claimed: factors.attributes,
      times: try clock.summary(on: world))
  }
}

/// What a verification has found.
package struct VerificationReport: Sendable {
  let blocks: BlockErrors
  /// The attributes of the factors.
  let claimed: [String: AttributeValue]
  package let times: StageTimes

  /// ||A - left right^T||_F / ||A||_F; 0 if both are zero.
  package var relativeError: Double { blocks.relativeError }

  private static let mostLines = 16

  /// One line for some column blocks, and the whole.
  package var text: String {
    var claim = ""
    if case .number(let error)? = claimed["relative_error"],
      case .text(let kind)? = claimed["error_kind"]
    {
      claim = "\nthe file says   \(error) (\(kind))"
    }
    let panels = blocks.panels
    let perLine = (panels.count + Self.mostLines - 1) / Self.mostLines
    let lines = stride(from: 0, to: panels.count, by: max(1, perLine)).map { first in
      let block = panels[first..<min(first + perLine, panels.count)]
      return "columns \(panels[first].columns.lowerBound):\(block.last?.columns.upperBound ?? 0)  "
        + BlockErrors.relativeError(of: block).short
    }
    return lines.joined(separator: "\n") + "\nrelative error  \(relativeError)" + claim
      + "\nseconds         \(times.text)"
  }
}
