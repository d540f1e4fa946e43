// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// The first read of A: a wide sketch of its row space, Z = A^T S, and the leading directions of it.
///
/// Every rank sketches its own columns and nothing is reduced. S is sparse (``SparseSketch``), so a
/// sketch four times as wide as the basis costs no more than a narrow one, and its leading l
/// directions are as good as if A had been read several times: of the error, about l / m of what
/// lies beyond l directions is added (see the article on the algorithm).
struct SubspaceFinder {
  let sweep: Sweep
  let panels: BlockPartition

  private var world: Communicator { sweep.world }

  /// Rows that span the sketched subspace, not yet orthonormal, and what else the first read gives.
  struct Found: ~Copyable {
    /// This rank's columns of A, one a row (d_p x l).
    let basis: Matrix<Float>
    let summary: BlockStatistics.Summary
  }

  /// Finds l directions by a sketch of m columns, at least l; only ``SketchKind/sparse`` may be wider
  /// than l.
  ///
  /// Collective; reads A once. Sparse: 4 n d additions, d m^2 + 2 d m l flops over all ranks, and an
  /// eigenvalue problem of order m on the root. Otherwise 2 n d l flops.
  func leading(_ l: Int, sketchedBy kind: SketchKind, seed: UInt64, width m: Int) throws -> Found {
    let statistics = BlockStatistics(stream: sweep.stream)
    guard kind == .sparse else {
      let sketch = kind.dense(seed: seed)
      let tiles = sweep.stream.grid.tiles
      let z = try Projection(sweep: sweep).product(
        width: l, keeping: statistics.state(on: world)
      ) { tile, target in
        for (row, index) in zip(target.storedRows, tiles.range(ofBlock: tile)) {
          sketch.fillRow(row, index: index)
        }
      } visit: {
        try statistics.add($0, of: $1, in: sweep.tiles.input)
      }
      return Found(
        basis: z, summary: try statistics.summary(on: world, of: sweep.tiles.input))
    }
    let z = try sparseSketch(SparseSketch(seed: seed, columns: m), statistics)
    let summary = try statistics.summary(on: world, of: sweep.tiles.input)
    let basis = try sweep.clock.measure(.computing) { try leadingRows(l, of: z) }
    return Found(basis: basis, summary: summary)
  }

  private func sparseSketch(_ sketch: SparseSketch, _ statistics: BlockStatistics) throws
    -> SketchedColumns
  {
    let stream = sweep.stream
    let mine = panels.range(of: world.rank)
    let z = SketchedColumns(
      columns: mine, panels: panels.blocks(of: world.rank).map(panels.range(ofBlock:)),
      width: sketch.columns, isByColumns: sweep.tiles.input.axis == .rows)
    let copy = Matrix<Float>(
      rows: stream.groups.map { stream.rows(of: $0).count }.max() ?? 0,
      columns: SketchedColumns.stripWidth, repeating: 0)
    guard let room = copy.elements.baseAddress else { return z }
    try sweep.run(keeping: z.state(panels) + statistics.state(on: world)) { block in
      let signs = sketch.rows(block.rows)
      for strip in z.strips where block.columns.contains(strip.lowerBound) {
        let a = block.a.block(
          rows: 0..<block.rows.count, columns: strip.shifted(by: -block.columns.lowerBound))
        let cells = stream.cells(of: block.group, within: strip, isUpward: block.isUpward)
        // Blocks of A lie scattered over memory; what the norm has gone through is taken along.
        if a.isTransposed {
          for cell in cells {
            try statistics.add(block.view(of: cell), of: cell, in: sweep.tiles.input)
          }
          signs.add(transposed: a.transposed, to: z.strip(of: strip))
        } else {
          for cell in cells {
            let view = block.view(of: cell)
            let offset = (cell.rows.lowerBound - block.rows.lowerBound) * strip.count
            let square = copySummingSquares(view, to: room + offset)
            try statistics.add(square, view, of: cell, in: sweep.tiles.input)
          }
          signs.add(
            MatrixView(room, rows: block.rows.count, columns: strip.count, stride: strip.count),
            to: z.strip(of: strip).transposed)
        }
      }
    }
    return z
  }

  /// Z V diag(c / s) for the leading l right singular vectors V of Z, from its Gram matrix: nearly
  /// orthogonal columns for directions above the rounding errors of single precision. c is close to 1,
  /// so that products neither overflow nor vanish where the elements of A nearly do.
  private func leadingRows(_ l: Int, of z: borrowing SketchedColumns) throws -> Matrix<Float> {
    let m = z.width
    let rows = Matrix<Float>(rows: z.columns.count, columns: l, repeating: 0)
    // A sketch without columns to spare is the basis itself.
    guard m - l >= SparseSketch.copies else {
      z.copyLeadingColumns(to: rows)
      return rows
    }
    let squares = z.strips.map { sumOfSquares(z.strip(of: $0)) }
    let energy = try world.sumInOrder(squares, width: 1)[0]
    var sum = GramSum(order: m, bound: energy)
    for strip in z.strips { sum.add(z.strip(of: strip)) }
    let coefficients = try coefficients(l, of: try sum.total(on: world)).transposed.rounded()
    for strip in z.strips {
      multiply(
        z.strip(of: strip), coefficients.view,
        into: rows.rows(strip.shifted(by: -z.columns.lowerBound)))
    }
    return rows
  }

  /// The leading l eigenvectors of Z^T Z, one a row (l x m), over the roots of their eigenvalues: on the
  /// root, the same on every rank.
  private func coefficients(_ l: Int, of gram: SmallMatrix) throws -> SmallMatrix {
    var flat: [Double] = []
    try world.agreeOnRoot {
      let eigen = try SymmetricEigen(leading: l, of: gram)
      let first = max(eigen.values[0], Double.leastNormalMagnitude)
      // A power of two, as exact as none, within what single precision can hold beside 1 / cutoff.
      let exponent = min(max(first.squareRoot().exponent, -100), 100)
      let unit = Double(sign: .plus, exponent: -exponent, significand: 1)
      flat =
        eigen.vectors.transposed
        .scalingColumns(
          by: eigen.values.map { unit * (1 / max($0 / first, Self.cutoff)).squareRoot() }
        )
        .transposed.elements
    }
    flat = try world.broadcast(flat, from: 0, filler: 0)
    return SmallMatrix(rows: l, columns: gram.columns, elements: flat)
  }

  /// Of an eigenvalue, the square of that of a direction.
  private static let cutoff = SingularDirections.cutoff * SingularDirections.cutoff
}

/// Z = A^T S of a rank's columns of A (d_p x m), strip by strip: each strip has its memory in one
/// piece, with the columns of A along its rows, or across them as in files that are cut by rows.
struct SketchedColumns: ~Copyable {
  /// The columns of A, and their strips from left to right.
  let columns: Range<Int>
  let strips: [Range<Int>]
  /// m.
  let width: Int
  /// Whether a column of A is a row in memory.
  let isByColumns: Bool
  private let memory: Matrix<Float>

  /// Columns in a strip: few, so that a strip of Z stays in a cache while A passes by.
  static let stripWidth = 256

  /// Strips end where the rank's panels end, so that they are the same ones on any number of ranks.
  init(columns: Range<Int>, panels: [Range<Int>], width: Int, isByColumns: Bool) {
    self.columns = columns
    strips = panels.flatMap { panel in
      stride(from: panel.lowerBound, to: panel.upperBound, by: Self.stripWidth).map {
        $0..<min($0 + Self.stripWidth, panel.upperBound)
      }
    }
    self.width = width
    self.isByColumns = isByColumns
    memory = Matrix(rows: columns.count, columns: width, repeating: 0)
  }

  /// Z, to be kept: whichever way a strip is stored, it has its place in the order of columns.
  func state(_ panels: BlockPartition) -> PassState {
    PassState(rows: [SavedRows("sketch", memory, panels)])
  }

  /// The rows of Z that belong to a strip (strip.count x m).
  func strip(of strip: Range<Int>) -> MatrixView<Float> {
    let start = memory.elements.baseAddress.map {
      $0 + (strip.lowerBound - columns.lowerBound) * width
    }
    return isByColumns
      ? MatrixView(start, rows: strip.count, columns: width, stride: width)
      : MatrixView(start, rows: width, columns: strip.count, stride: strip.count).transposed
  }

  /// Copies as many columns of Z as the target has.
  func copyLeadingColumns(to target: borrowing Matrix<Float>) {
    for strip in strips {
      let view = self.strip(of: strip)
      let first = strip.lowerBound - columns.lowerBound
      for (index, run) in view.storedRows.enumerated() {
        for (offset, value) in run.enumerated() {
          let (row, column) = view.isTransposed ? (offset, index) : (index, offset)
          if column < target.columns { target[first + row, column] = value }
        }
      }
    }
  }
}
