// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// What the first read finds out about this rank's columns besides their product: ||A||_F^2 of each
/// panel, whether all elements are finite, and what plain quantization would do to a sample.
///
/// Kept by tile and panel, so that sums over tiles have an order of their own, whatever the order
/// of reading.
final class BlockStatistics {
  private let grid: MatrixGrid
  private var tiles: Int { grid.tiles.count }
  /// By panel and tile.
  private let squares: Matrix<Double>
  private var plain = PlainQuantization()
  /// The counts of all ranks as one row of the last rank, to be kept.
  private let counts: Matrix<Int>
  private let oneRow: BlockPartition

  init(stream: BlockStream) {
    grid = stream.grid
    squares = Matrix(
      rows: grid.panels.blocks(of: stream.rank).count, columns: grid.tiles.count, repeating: 0)
    oneRow = BlockPartition(extent: 1, blockSize: 1, ranks: grid.panels.ranks)
    counts = Matrix(
      rows: oneRow.blocks(of: stream.rank).count, columns: PlainQuantization.binCount, repeating: 0)
  }

  /// What is known so far, to be kept.
  func state(on world: Communicator) -> PassState {
    let panels = BlockPartition(extent: grid.panels.count, blockSize: 1, ranks: world.size)
    return PassState(
      rows: [SavedRows("squares", squares, panels), SavedRows("counts", counts, oneRow)],
      beforeSaving: { [self] in
        var total = plain
        try total.total(on: world)
        if counts.rows > 0 { _ = counts.elements.update(fromContentsOf: total.counts) }
      },
      afterRestoring: { [self] in
        if counts.rows > 0 { plain = PlainQuantization(counts: Array(counts.elements)) }
      })
  }

  /// Adds a cell; throws if an element is NaN or infinite.
  func add(_ block: MatrixView<Float>, of cell: BlockStream.Cell, in input: InputMatrix)
    throws
  {
    try add(sumOfSquares(block), block, of: cell, in: input)
  }

  /// The same for a cell whose sum of squares is known.
  func add(
    _ square: Double, _ block: MatrixView<Float>, of cell: BlockStream.Cell, in input: InputMatrix
  ) throws {
    guard square.isFinite else { throw input.notFinite(block, cell.rows, cell.columns) }
    squares[cell.localPanel, cell.tile] += square
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

  /// Adds up what all ranks know. Collective. Throws `InputError` if products with A would overflow
  /// single precision.
  func summary(on world: Communicator, of input: InputMatrix) throws -> Summary {
    let energies = squares.view.storedRows.map { $0.reduce(0.0, +) }
    let energy = try world.sumInOrder(energies, width: 1)[0]
    try world.agreeOnRoot { try input.check(norm: energy.squareRoot()) }
    var total = plain
    try total.total(on: world)
    return Summary(energy: energy, plain: total)
  }
}

extension InputMatrix {
  /// Sums of products of a column with random numbers are a few times the norm of the column: this
  /// leaves a factor of 256.
  private static let largestNorm = Double(sign: .plus, exponent: 120, significand: 1)
  /// Of the root mean square of the elements: single precision has 2^-126, and products must keep some
  /// digits below that of their norm.
  private static let smallestElement = Double(sign: .plus, exponent: -118, significand: 1)

  /// Throws `InputError` if products with a matrix of this norm would overflow single precision, or
  /// vanish in it.
  func check(norm: Double) throws {
    guard norm < Self.largestNorm else {
      throw InputError.badData(
        "\(dataset.name): the norm of the matrix is \(norm.short); expected less than "
          + "\(Self.largestNorm.short), or products overflow single precision; scale the matrix "
          + "down")
    }
    let mean = norm / (Double(rows) * Double(columns)).squareRoot()
    guard norm == 0 || mean >= Self.smallestElement else {
      throw InputError.badData(
        "\(dataset.name): the root mean square of its elements is \(mean.short); expected 0, or at least "
          + "\(Self.smallestElement.short), or products vanish in single precision; scale the matrix up"
      )
    }
  }

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
