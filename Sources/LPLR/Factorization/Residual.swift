// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A read of A that measures how far factors are from it.
struct Residual {
  let sweep: Sweep

  private var world: Communicator { sweep.world }

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
    let stream = sweep.stream
    let grid = stream.grid
    // By panel and tile, so that sums over tiles have an order of their own.
    let squares = Matrix<Double>(
      rows: grid.panels.blocks(of: world.rank).count, columns: 2 * grid.tiles.count, repeating: 0)
    let panels = BlockPartition(extent: grid.panels.count, blockSize: 1, ranks: world.size)
    let tileRows = min(grid.tiles.blockSize, grid.tiles.extent)
    let l = Matrix<Float>(rows: stream.tilesPerGroup * tileRows, columns: rank, repeating: 0)
    let r = Matrix<Float>(rows: grid.stripWidth, columns: rank, repeating: 0)
    let product = Matrix<Float>(rows: tileRows, columns: grid.stripWidth, repeating: 0)
    let sums = PassState(rows: [SavedRows("residual", squares, panels)])
    try sweep.run(keeping: sums) { group in
      let top = stream.rows(of: group).lowerBound
      for tile in group {
        try left(tile, l.rows(grid.tiles.range(ofBlock: tile).shifted(by: -top)))
      }
    } compute: { block in
      for cell in sweep.cells(of: block) {
        let a = block.view(of: cell)
        let columns = r.rows(0..<cell.columns.count)
        try right(cell.columns, columns)
        squares[cell.localPanel, 2 * cell.tile + 1] += sumOfSquares(a)
        squares[cell.localPanel, 2 * cell.tile] += residual(
          a, l.rows(cell.rows.shifted(by: -block.rows.lowerBound)), columns, product)
      }
    }
    return squares.view.storedRows.flatMap { sums in
      (0..<2).map { part in
        stride(from: part, to: sums.count, by: 2).reduce(0.0) { $0 + sums[$1] }
      }
    }
  }

  /// ||A - L R^T||^2 of a block; `product` is room for L R^T.
  private func residual(
    _ a: MatrixView<Float>, _ l: MatrixView<Float>, _ r: MatrixView<Float>,
    _ product: borrowing Matrix<Float>
  ) -> Double {
    // As A is stored, so that both are gone through row by row.
    let (stored, first, second) = a.isTransposed ? (a.transposed, r, l) : (a, l, r)
    let target = MatrixView(
      product.elements.baseAddress, rows: stored.rows, columns: stored.columns,
      stride: stored.columns)
    multiply(first, second.transposed, into: target)
    return zip(stored.storedRows, target.storedRows).reduce(0) {
      $0 + sumOfSquaredDifferences(UnsafeBufferPointer($1.0), UnsafeBufferPointer($1.1))
    }
  }
}

extension Residual {
  /// The error of factors in memory. Collective; reads A once.
  func blockErrors(left: QuantizedFactor, right: QuantizedFactor) throws -> BlockErrors {
    let grid = sweep.stream.grid
    let columns = grid.panels.range(of: world.rank)
    let squares = try squares(rank: left.code.rank) { tile, target in
      try share(tile, of: left, into: target)
    } right: { range, target in
      right.decode(range.shifted(by: -columns.lowerBound), into: target)
    }
    return try BlockErrors(squares, panels: grid.panels, on: world)
  }

  /// The values of a tile of L on every rank; only codes travel.
  private func share(
    _ tile: Int, of left: QuantizedFactor, into target: MatrixView<Float>
  ) throws {
    let grid = sweep.stream.grid.tiles
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
