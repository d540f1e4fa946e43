// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// A read of A for its product with a d x m matrix: the published sketch, or a power iteration.
struct RangeFinder {
  let sweep: Sweep

  private var stream: BlockStream { sweep.stream }
  private var world: Communicator { sweep.world }

  /// Y = A S for the random matrix S, and what else the first read of A gives.
  struct Sketched: ~Copyable {
    /// This rank's rows of Y (n_p x m).
    let sketch: Matrix<Double>
    let summary: BlockStatistics.Summary
  }

  /// Y = A S with a random S (Saha et al. 2023, Algorithm 1, step 1). Collective; costs one
  /// `product`.
  func sketch(with kind: SketchKind, seed: UInt64, width m: Int) throws -> Sketched {
    let mine = stream.grid.panels.range(of: world.rank)
    let s = sweep.clock.measure(.computing) { kind.dense(seed: seed).rows(mine, width: m) }
    let statistics = BlockStatistics(stream: stream)
    let y = try product(with: s, keeping: statistics.state(on: world)) {
      try statistics.add($0, of: $1, in: sweep.tiles.input)
    }
    return Sketched(
      sketch: y, summary: try statistics.summary(on: world, of: sweep.tiles.input))
  }

  /// This rank's rows of Y = A S = sum_p A[:, C_p] S[C_p, :] (n_p x m) in double precision, for S of
  /// which this rank holds the rows C_p of its columns of A (d_p x m). Each row tile is reduced to
  /// the rank that owns it; `visit` sees every block that is multiplied. Collective.
  ///
  /// Reads A once; 2 n d m flops over all ranks; sends 8 n m bytes a rank. The sums over panels are
  /// exact, so Y is the same in every bit for any number of ranks.
  ///
  /// - Parameter bound: what |A| |S| does not exceed in any element, if it is known: sums cost less.
  func product(
    with s: borrowing Matrix<Float>, below bound: Double? = nil,
    keeping state: PassState = .nothing,
    visit: (MatrixView<Float>, BlockStream.Cell) throws -> Void = { _, _ in }
  ) throws -> Matrix<Double> {
    let grid = stream.grid
    let m = s.columns
    let mine = grid.panels.range(of: world.rank)
    let y = Matrix<Double>(
      rows: grid.tiles.range(of: world.rank).count, columns: m, repeating: 0)
    let workspace = Workspace(stream: stream, width: m, bound: bound)

    let sums = PassState(rows: [SavedRows("product", y, grid.tiles)])
    try sweep.run(keeping: sums + state) { block in
      for cell in sweep.cells(of: block) {
        let a = block.view(of: cell)
        try visit(a, cell)
        let product = workspace.product(cell, in: block.group)
        multiply(
          a, s.rows(cell.columns.shifted(by: -mine.lowerBound)), into: product,
          beta: cell.isFirst ? 0 : 1)
        if cell.isLast { try add(product, to: workspace.sums[cell.tile - block.group.lowerBound]) }
      }
    } finish: { group in
      for tile in group { try reduce(tile, workspace.sums[tile - group.lowerBound], into: y) }
    }
    return y
  }

  private func add(_ product: MatrixView<Float>, to sum: any ExactSum) throws {
    let terms = UnsafeBufferPointer(start: product.base, count: product.rows * product.columns)
    guard sum.add(terms) else {
      throw InputError.badData(
        "\(sweep.tiles.input.dataset.name): products of its elements overflow single precision, or are "
          + "larger than the norm of the matrix allows; scale it down, and do not write to it now")
    }
  }

  private func reduce(_ tile: Int, _ sum: any ExactSum, into y: borrowing Matrix<Double>) throws {
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
    let products: Matrix<Float>
    let sums: [any ExactSum]
    private let tileRows: Int

    init(stream: BlockStream, width m: Int, bound: Double?) {
      tileRows = min(stream.grid.tiles.blockSize, stream.grid.tiles.extent)
      products = Matrix(rows: stream.tilesPerGroup * tileRows, columns: m, repeating: 0)
      let count = tileRows * m
      sums = (0..<stream.tilesPerGroup).map { _ in
        guard let bound else { return ReproducibleSum(count: count) }
        return BoundedSum(count: count, bound: bound)
      }
    }

    func product(_ cell: BlockStream.Cell, in group: Range<Int>) -> MatrixView<Float> {
      let start = (cell.tile - group.lowerBound) * tileRows
      return products.rows(start..<start + cell.rows.count)
    }
  }
}
