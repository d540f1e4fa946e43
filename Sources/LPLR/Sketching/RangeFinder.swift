// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// The first read of A: its sketch and its norm.
struct RangeFinder {
  let input: InputMatrix
  let stream: BlockStream
  let world: Communicator
  let clock: StageClock

  /// What one read of A gives.
  struct Sketched: ~Copyable {
    /// This rank's rows of Y = A S (n_p x m), in double precision.
    let sketch: Matrix<Double>
    /// ||A_panel||_F^2 of each panel of this rank.
    let energies: [Double]
  }

  /// Y = sum_p A[:, C_p] S[C_p, :], each row tile reduced to the rank that owns it (Saha et al.
  /// 2023, Algorithm 1, step 1, on column blocks). Collective.
  ///
  /// Reads A once; 2 n d m flops over all ranks; sends 8 n m bytes a rank. The sums over panels are
  /// reproducible, so Y is the same in every bit for any number of ranks.
  func sketch(with kind: SketchKind, seed: UInt64, width m: Int) throws -> Sketched {
    let grid = stream.grid
    let mine = grid.panels.range(of: world.rank)
    let s = clock.measure(.computing) { kind.sketch(seed: seed).rows(mine, width: m) }
    let y = Matrix<Double>(
      rows: grid.tiles.range(of: world.rank).count, columns: m, repeating: 0)
    let workspace = Workspace(stream: stream, width: m)
    var energies = TileEnergies(stream: stream)

    for group in stream.groups {
      try world.agree {
        for read in stream.reads {
          let a = try clock.measure(.reading) {
            try input.read(rows: stream.rows(of: group), columns: read, into: workspace.buffer)
          }
          try clock.measure(.computing) {
            for cell in stream.cells(of: group, read) {
              let block = a.block(
                rows: cell.rows.shifted(by: -stream.rows(of: group).lowerBound),
                columns: cell.columns.shifted(by: -read.lowerBound))
              try energies.add(block, of: cell, in: input)
              let product = workspace.product(cell, in: group)
              multiply(
                block, s.rows(cell.columns.shifted(by: -mine.lowerBound)), into: product,
                beta: cell.isFirst ? 0 : 1)
              if cell.isLast { try add(product, to: workspace.sums[cell.tile - group.lowerBound]) }
            }
          }
        }
      }
      try clock.measure(.communicating) {
        for tile in group { try reduce(tile, workspace.sums[tile - group.lowerBound], into: y) }
      }
    }
    return Sketched(sketch: y, energies: energies.byPanel)
  }

  private func add(_ product: MatrixView<Float>, to sum: ReproducibleSum) throws {
    let terms = UnsafeBufferPointer(start: product.base, count: product.rows * product.columns)
    guard sum.add(terms) else {
      throw InputError.badData(
        "\(input.dataset.name): products of its elements overflow single precision; scale the "
          + "matrix down")
    }
  }

  private func reduce(_ tile: Int, _ sum: ReproducibleSum, into y: borrowing Matrix<Double>) throws
  {
    let owner = stream.grid.tiles.owner(ofBlock: tile)
    let range = stream.grid.tiles.range(ofBlock: tile)
    let first = stream.grid.tiles.range(of: owner).lowerBound
    let target =
      owner == world.rank
      ? UnsafeMutableBufferPointer(
        rebasing: y.elements[
          (range.lowerBound - first) * y.columns..<(range.upperBound - first) * y.columns])
      : UnsafeMutableBufferPointer(start: nil, count: 0)
    try sum.reduce(range.count * y.columns, into: target, on: world, to: owner)
  }

  /// The arrays that every group uses again.
  private struct Workspace: ~Copyable {
    let buffer: UnsafeMutableBufferPointer<Float>
    let products: Matrix<Float>
    let sums: [ReproducibleSum]
    private let tileRows: Int
    private let block: Matrix<Float>

    init(stream: BlockStream, width m: Int) {
      tileRows = min(stream.grid.tiles.blockSize, stream.grid.tiles.extent)
      block = stream.makeBuffer()
      buffer = block.elements
      products = Matrix(rows: stream.tilesPerGroup * tileRows, columns: m, repeating: 0)
      let count = tileRows * m
      sums = (0..<stream.tilesPerGroup).map { _ in ReproducibleSum(count: count) }
    }

    func product(_ cell: BlockStream.Cell, in group: Range<Int>) -> MatrixView<Float> {
      let start = (cell.tile - group.lowerBound) * tileRows
      return products.rows(start..<start + cell.rows.count)
    }
  }
}

/// ||A||_F^2 of this rank's columns, by tile and panel: the sum over tiles has an order of its own,
/// whatever the order of reading.
private struct TileEnergies {
  private let panels: Int
  private let tiles: Int
  private var squares: [Double]

  init(stream: BlockStream) {
    panels = stream.grid.panels.blocks(of: stream.rank).count
    tiles = stream.grid.tiles.count
    squares = [Double](repeating: 0, count: tiles * panels)
  }

  /// Adds a cell; throws if an element is NaN or infinite.
  mutating func add(_ block: MatrixView<Float>, of cell: BlockStream.Cell, in input: InputMatrix)
    throws
  {
    let square = sumOfSquares(block)
    guard square.isFinite else {
      let place = firstNonFinite(block) ?? (0, 0)
      let (row, column) = input.placeInFile(
        row: cell.rows.lowerBound + place.row, column: cell.columns.lowerBound + place.column)
      throw InputError.badData(
        "\(input.dataset.name): element at row \(row), column \(column) is NaN or infinite in "
          + "float32; expected finite numbers")
    }
    squares[cell.tile * panels + cell.localPanel] += square
  }

  var byPanel: [Double] {
    (0..<panels).map { panel in
      (0..<tiles).reduce(0) { $0 + squares[$1 * panels + panel] }
    }
  }
}

extension BlockStream {
  /// Room for the largest read.
  func makeBuffer() -> Matrix<Float> {
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let widest = reads.map(\.count).max() ?? 0
    return Matrix(rows: tilesPerGroup * tileRows, columns: widest, repeating: 0)
  }
}

extension Range<Int> {
  /// The range with both ends moved.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
