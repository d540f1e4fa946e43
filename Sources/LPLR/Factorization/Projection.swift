// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// The second read of A: B = Q^T A.
struct Projection {
  let input: InputMatrix
  let stream: BlockStream
  let world: Communicator
  let clock: StageClock

  /// This rank's columns of B = Q^T A, transposed (d_p x m), for Q with orthonormal columns whose
  /// rows this rank owns are `q` (n_p x m). Collective.
  ///
  /// Reads A once; 2 n d m flops over all ranks; every rank receives Q once, 4 n m bytes. Deviation
  /// from the design: the rows of Q travel in single precision, not the codes of L, since W = R^-1
  /// (Q^T A) loses the condition number of L once and not squared as (L^T L)^-1 L^T A does.
  func project(onto q: borrowing Matrix<Float>) throws -> Matrix<Float> {
    let grid = stream.grid
    let mine = grid.panels.range(of: world.rank)
    let bt = Matrix<Float>(rows: mine.count, columns: q.columns, repeating: 0)
    let buffer = stream.makeBuffer()
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let basis = Matrix<Float>(
      rows: stream.tilesPerGroup * tileRows, columns: q.columns, repeating: 0)

    for group in stream.groups {
      let top = stream.rows(of: group).lowerBound
      try clock.measure(.communicating) {
        for tile in group { try share(tile, of: q, in: basis, from: top) }
      }
      try world.agree {
        for read in stream.reads {
          let a = try clock.measure(.reading) {
            try input.read(
              rows: stream.rows(of: group), columns: read, into: buffer.elements)
          }
          clock.measure(.computing) {
            for cell in stream.cells(of: group, read) {
              let rows = cell.rows.shifted(by: -top)
              let block = a.block(
                rows: rows, columns: cell.columns.shifted(by: -read.lowerBound))
              multiply(
                block.transposed, basis.rows(rows),
                into: bt.rows(cell.columns.shifted(by: -mine.lowerBound)), beta: 1)
            }
          }
        }
      }
    }
    return bt
  }

  /// Copies a tile of Q from its owner to every rank.
  private func share(
    _ tile: Int, of q: borrowing Matrix<Float>, in basis: borrowing Matrix<Float>, from top: Int
  ) throws {
    let owner = stream.grid.tiles.owner(ofBlock: tile)
    let range = stream.grid.tiles.range(ofBlock: tile)
    let target = basis.rows(range.shifted(by: -top))
    let buffer = UnsafeMutableBufferPointer(
      start: target.base, count: target.rows * target.columns)
    if owner == world.rank {
      let first = stream.grid.tiles.range(of: owner).lowerBound
      _ = buffer.update(
        fromContentsOf: q.elements[
          (range.lowerBound - first) * q.columns..<(range.upperBound - first) * q.columns])
    }
    try world.broadcast(buffer, from: owner)
  }
}
