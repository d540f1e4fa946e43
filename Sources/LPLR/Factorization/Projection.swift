// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A read of A for the product of its transpose with an n x m matrix: B = Q^T A.
struct Projection {
  let sweep: Sweep

  private var world: Communicator { sweep.world }

  /// This rank's columns of B = Q^T A, transposed (d_p x m), for Q with orthonormal columns whose
  /// rows this rank owns are `q` (n_p x m). Collective.
  ///
  /// Reads A once; 2 n d m flops over all ranks; every rank receives Q once, 4 n m bytes. In single
  /// precision within a tile, in double precision over tiles: rounding errors must not grow with n, since
  /// ||A||^2 - ||B||^2 is what a certificate stands on. Deviation
  /// from the design: the rows of Q travel in single precision, not the codes of L, since W = R^-1
  /// (Q^T A) loses the condition number of L once and not squared as (L^T L)^-1 L^T A does.
  func project(onto q: borrowing Matrix<Float>) throws -> Matrix<Float> {
    try product(width: q.columns, basis: { try share($0, of: q, in: $1) })
  }

  /// This rank's columns of Q^T A, transposed (d_p x m), for any n x m matrix Q of which `basis` fills
  /// in the rows of a tile, on every rank together. `visit` sees every block that is multiplied.
  /// Collective; reads A once.
  func product(
    width m: Int, keeping state: PassState = .nothing,
    basis: (_ tile: Int, MatrixView<Float>) throws -> Void,
    visit: (MatrixView<Float>, BlockStream.Cell) throws -> Void = { _, _ in }
  ) throws -> Matrix<Float> {
    let stream = sweep.stream
    let grid = stream.grid
    let mine = grid.panels.range(of: world.rank)
    let bt = Matrix<Double>(rows: mine.count, columns: m, repeating: 0)
    let product = Matrix<Float>(rows: grid.stripWidth, columns: m, repeating: 0)
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let q = Matrix<Float>(rows: stream.tilesPerGroup * tileRows, columns: m, repeating: 0)

    let sums = PassState(rows: [SavedRows("product", bt, grid.panels)])
    try sweep.run(keeping: sums + state) { group in
      let top = stream.rows(of: group).lowerBound
      for tile in group {
        try basis(tile, q.rows(grid.tiles.range(ofBlock: tile).shifted(by: -top)))
      }
    } compute: { block in
      for cell in sweep.cells(of: block) {
        let a = block.view(of: cell)
        try visit(a, cell)
        let part = product.rows(0..<cell.columns.count)
        multiply(
          a.transposed, q.rows(cell.rows.shifted(by: -block.rows.lowerBound)), into: part)
        add(part, to: bt.rows(cell.columns.shifted(by: -mine.lowerBound)))
      }
    }
    return bt.rounded()
  }

  private func add(_ terms: MatrixView<Float>, to sums: MatrixView<Double>) {
    for (sums, terms) in zip(sums.storedRows, terms.storedRows) {
      for index in sums.indices { sums[index] += Double(terms[index]) }
    }
  }

  /// Copies a tile of Q from its owner to every rank.
  private func share(_ tile: Int, of q: borrowing Matrix<Float>, in target: MatrixView<Float>)
    throws
  {
    let grid = sweep.stream.grid.tiles
    let owner = grid.owner(ofBlock: tile)
    let range = grid.range(ofBlock: tile)
    let buffer = UnsafeMutableBufferPointer(
      start: target.base, count: target.rows * target.columns)
    if owner == world.rank {
      let first = grid.range(of: owner).lowerBound
      _ = buffer.update(
        fromContentsOf: q.elements[
          (range.lowerBound - first) * q.columns..<(range.upperBound - first) * q.columns])
    }
    try world.broadcast(buffer, from: owner)
  }
}
