// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// What the first read finds out about this rank's columns besides their product: ||A||_F^2 of each
/// panel, whether all elements are finite, and what plain quantization would do to a sample.
///
/// Kept by tile and panel, so that sums over tiles have an order of their own, whatever the order
/// of reading.
struct BlockStatistics {
  private let panels: Int
  private let tiles: Int
  private var squares: [Double]
  private var plain = PlainQuantization()

  init(stream: BlockStream) {
    panels = stream.grid.panels.blocks(of: stream.rank).count
    tiles = stream.grid.tiles.count
    squares = [Double](repeating: 0, count: tiles * panels)
  }

  /// Adds a cell; throws if an element is NaN or infinite.
  mutating func add(_ block: MatrixView<Float>, of cell: BlockStream.Cell, in input: InputMatrix)
    throws
  {
    try add(sumOfSquares(block), block, of: cell, in: input)
  }

  /// The same for a cell whose sum of squares is known.
  mutating func add(
    _ square: Double, _ block: MatrixView<Float>, of cell: BlockStream.Cell, in input: InputMatrix
  ) throws {
    guard square.isFinite else { throw input.notFinite(block, cell.rows, cell.columns) }
    squares[cell.tile * panels + cell.localPanel] += square
    // One strip of each panel, in a tile that wanders down the matrix from panel to panel.
    if cell.isFirst, cell.tile == (cell.columns.lowerBound / 256) % tiles {
      plain.add(block)
    }
  }

  /// The same for the whole matrix.
  struct Summary {
    /// ||A||_F^2.
    let energy: Double
    let plain: PlainQuantization
  }

  /// Adds up what all ranks know. Collective.
  func summary(on world: Communicator) throws -> Summary {
    let energies = (0..<panels).map { panel in
      (0..<tiles).reduce(0.0) { $0 + squares[$1 * panels + panel] }
    }
    var total = plain
    try total.total(on: world)
    return Summary(energy: try world.sumInOrder(energies, width: 1)[0], plain: total)
  }
}

extension InputMatrix {
  /// The error that names the first element of a block of A that is NaN or infinite.
  func notFinite(_ block: MatrixView<Float>, _ rows: Range<Int>, _ columns: Range<Int>)
    -> InputError
  {
    let place = firstNonFinite(block) ?? (0, 0)
    let (row, column) = placeInFile(
      row: rows.lowerBound + place.row, column: columns.lowerBound + place.column)
    return InputError.badData(
      "\(dataset.name): element at row \(row), column \(column) is NaN or infinite in "
        + "float32; expected finite numbers")
  }
}
