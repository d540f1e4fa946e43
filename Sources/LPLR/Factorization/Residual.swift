// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A read of A that measures how far factors are from it.
struct Residual {
  let input: InputMatrix
  let stream: BlockStream
  let world: Communicator
  let clock: StageClock

  /// ||A_panel - L R_panel^T||_F^2 and ||A_panel||_F^2 of each panel of this rank, one after the
  /// other. Residuals in single precision, their squares summed in double precision. Collective.
  ///
  /// - Parameters:
  ///   - rank: the columns of L and R.
  ///   - left: fills in rows of L; called for one tile after the other by all ranks together.
  ///   - right: fills in rows of R, which belong to columns of this rank.
  func squares(
    rank: Int, left: (_ tile: Int, MatrixView<Float>) throws -> Void,
    right: (_ columns: Range<Int>, MatrixView<Float>) throws -> Void
  ) throws -> [Double] {
    let grid = stream.grid
    var squares = [Double](repeating: 0, count: 2 * grid.panels.blocks(of: world.rank).count)
    let buffer = stream.makeBuffer()
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let l = Matrix<Float>(rows: stream.tilesPerGroup * tileRows, columns: rank, repeating: 0)
    let r = Matrix<Float>(rows: MatrixGrid.stripWidth, columns: rank, repeating: 0)
    for group in stream.groups {
      let rows = stream.rows(of: group)
      for tile in group {
        try left(tile, l.rows(grid.tiles.range(ofBlock: tile).shifted(by: -rows.lowerBound)))
      }
      try world.agree {
        for read in stream.reads {
          let a = try clock.measure(.reading) {
            try input.read(rows: rows, columns: read, into: buffer.elements)
          }
          try clock.measure(.computing) {
            for cell in stream.cells(of: group, read) {
              let place = cell.rows.shifted(by: -rows.lowerBound)
              let block = a.block(
                rows: place, columns: cell.columns.shifted(by: -read.lowerBound))
              try right(cell.columns, r.rows(0..<cell.columns.count))
              squares[2 * cell.localPanel + 1] += sumOfSquares(block)
              squares[2 * cell.localPanel] += residual(
                block, l.rows(place), r.rows(0..<cell.columns.count))
            }
          }
        }
      }
    }
    return squares
  }

  /// ||A - L R^T||^2 of a block, which is overwritten.
  private func residual(
    _ a: MatrixView<Float>, _ l: MatrixView<Float>, _ r: MatrixView<Float>
  ) -> Double {
    if a.isTransposed {
      multiply(r, l.transposed, into: a.transposed, alpha: -1, beta: 1)
    } else {
      multiply(l, r.transposed, into: a, alpha: -1, beta: 1)
    }
    return sumOfSquares(a)
  }
}

extension Residual {
  /// ||A - L R^T||_F^2 / ||A||_F^2 of factors in memory. Collective; reads A once.
  func relativeSquare(left: QuantizedFactor, right: QuantizedFactor) throws -> Double {
    let grid = stream.grid
    let columns = grid.panels.range(of: world.rank)
    let squares = try squares(rank: left.code.rank) { tile, target in
      try share(tile, of: left, into: target)
    } right: { range, target in
      right.decode(range.shifted(by: -columns.lowerBound), into: target)
    }
    let totals = try world.sumInOrder(squares, width: 2)
    return totals[1] > 0 ? totals[0] / totals[1] : 0
  }

  /// The values of a tile of L on every rank; only codes travel.
  private func share(
    _ tile: Int, of left: QuantizedFactor, into target: MatrixView<Float>
  ) throws {
    let grid = stream.grid.tiles
    let owner = grid.owner(ofBlock: tile)
    let rowBytes = left.code.packing.rowBytes
    var bytes = [UInt8](repeating: 0, count: target.rows * rowBytes)
    if owner == world.rank {
      let start =
        (grid.range(ofBlock: tile).lowerBound - grid.range(of: owner).lowerBound) * rowBytes
      bytes = Array(left.bytes[start..<start + bytes.count])
    }
    try bytes.withUnsafeMutableBufferPointer { try world.broadcast($0, from: owner) }
    bytes.withUnsafeBufferPointer { left.code.decode($0, into: target) }
  }
}
