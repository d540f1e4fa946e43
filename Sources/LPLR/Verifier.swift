// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
package import ParallelHDF5

/// Measures the error of factors against the matrix they came from, by one read of it.
package struct Verifier {
  package let world: Communicator
  /// Bytes for the tiles of a rank.
  package let memory: Int

  package init(memory: Int?, on world: Communicator) {
    self.memory = memory ?? 256 << 20
    self.world = world
  }

  /// ||A - left right^T||_F / ||A||_F, in all and for each column block. Collective.
  ///
  /// Residuals in single precision, their squares summed in double precision.
  package func verify(_ path: String, against inputPath: String, dataset: String?) throws
    -> VerificationReport
  {
    let clock = StageClock()
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
        grid: grid, width: 1, keepsBothSides: false, axis: .columns, chunk: input.dataset.chunk,
        limit: memory)
    }
    let stream = BlockStream(
      grid: grid, rank: world.rank, tilesPerGroup: 1, columnsPerRead: plan.columnsPerRead)
    let squares = try world.agree {
      let squares = try residuals(factors, input, stream, clock)
      try input.checkUnchanged()
      return squares
    }
    let table = try world.broadcast(try world.gather(squares, filler: 0), from: 0, filler: 0)
    return VerificationReport(
      panels: (0..<grid.panels.count).map { panel in
        (grid.panels.range(ofBlock: panel), table[2 * panel], table[2 * panel + 1])
      }, claimed: factors.attributes, times: try clock.summary(on: world))
  }

  /// ||residual||^2 and ||A||^2 of each panel of this rank.
  private func residuals(
    _ factors: FactorReader, _ input: InputMatrix, _ stream: BlockStream, _ clock: StageClock
  ) throws -> [Double] {
    let grid = stream.grid
    var squares = [Double](repeating: 0, count: 2 * grid.panels.blocks(of: world.rank).count)
    let buffer = stream.makeBuffer()
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let left = Matrix<Float>(rows: tileRows, columns: factors.rank, repeating: 0)
    let right = Matrix<Float>(rows: MatrixGrid.stripWidth, columns: factors.rank, repeating: 0)
    for group in stream.groups where !squares.isEmpty {
      let rows = stream.rows(of: group)
      try factors.readLeft(rows: rows, into: left.rows(0..<rows.count))
      for read in stream.reads {
        let a = try clock.measure(.reading) {
          try input.read(rows: rows, columns: read, into: buffer.elements)
        }
        try clock.measure(.computing) {
          for cell in stream.cells(of: group, read) {
            let columns = cell.columns.shifted(by: -read.lowerBound)
            let block = a.block(rows: 0..<rows.count, columns: columns)
            try factors.readRight(rows: cell.columns, into: right.rows(0..<columns.count))
            squares[2 * cell.localPanel + 1] += sumOfSquares(block)
            multiply(
              left.rows(0..<rows.count), right.rows(0..<columns.count).transposed, into: block,
              alpha: -1, beta: 1)
            squares[2 * cell.localPanel] += sumOfSquares(block)
          }
        }
      }
    }
    return squares
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

  /// One line a column block, and the whole.
  package var text: String {
    var claim = ""
    if case .number(let error)? = claimed["relative_error"],
      case .text(let kind)? = claimed["error_kind"]
    {
      claim = "\nthe file says   \(error) (\(kind))"
    }
    let lines = panels.map { panel in
      "columns \(panel.columns.lowerBound):\(panel.columns.upperBound)  "
        + Self.ratio(panel.residual, panel.norm).short
    }
    return lines.joined(separator: "\n") + "\nrelative error  \(relativeError)" + claim
      + "\nseconds         \(times.text)"
  }
}
