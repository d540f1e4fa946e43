// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// outer (inner^T X), a group of columns of X at a time.
struct FactorProduct {
  let factors: FactorReader
  let transposed: Bool
  let x: InputMatrix
  let world: Communicator
  let clock: StageClock

  /// Rows of X, and of Y, in one product.
  private static let blockRows = 512
  /// The most numbers in the product of the inner factor and a group of columns of X.
  private static let innerElements = 1 << 21
  /// The most columns of X in a group, however few components there are.
  private static let mostColumns = 4096

  /// Rows of the outer factor: those of Y.
  private var rows: Int { transposed ? factors.columns : factors.rows }

  /// Rows of the inner factor: those of X.
  private var innerRows: Int { transposed ? factors.rows : factors.columns }

  /// Columns of X in a group; it follows from rank and k, so that products are the same everywhere.
  var width: Int { min(x.columns, Self.mostColumns, Self.innerElements / max(1, factors.rank) + 1) }

  var groups: Int { (x.columns + width - 1) / width }

  /// Y, in one piece if all columns are one group, in a chunk for each block and group otherwise.
  var planned: PlannedDataset {
    PlannedDataset(
      path: x.datasetPath, rows: rows, columns: x.columns, type: .float32,
      chunk: groups == 1 ? nil : (min(rows, Self.blockRows), width))
  }

  func checkShape() throws {
    guard x.rows == innerRows else {
      let side = transposed ? "transposed matrix" : "matrix"
      let other = x.rows == rows ? (transposed ? "; drop --transpose" : "; try --transpose") : ""
      throw InputError.badData(
        "\(x.dataset.name): has \(x.rows) rows, expected \(innerRows), the columns of the \(side) "
          + "in \(factors.path)\(other)")
    }
  }

  /// (inner^T X)^T for a group of columns (w x r), the same on every rank. Collective.
  ///
  /// Each column of X has a sum of its own: columns may differ in size by many decades.
  func inner(_ group: Int) throws -> Matrix<Float> {
    let columns = columns(of: group)
    let rank = factors.rank
    let sums = columns.map { _ in ReproducibleSum(count: rank) }
    try world.agree { try addTerms(columns, to: sums) }
    let result = Matrix<Float>(rows: columns.count, columns: rank, repeating: 0)
    try clock.measure(.communicating) {
      let sum = Matrix<Double>(rows: 1, columns: rank, repeating: 0)
      for (column, terms) in sums.enumerated() {
        try terms.reduce(rank, into: sum.elements, on: world, to: 0)
        for i in 0..<rank { result[column, i] = Float(sum[0, i]) }
      }
      try world.broadcast(result.elements, from: 0)
    }
    return result
  }

  /// Adds this rank's share of the product to the sums: one term for each panel of rows of X, which
  /// follows from their number.
  private func addTerms(_ columns: Range<Int>, to sums: [ReproducibleSum]) throws {
    let blocks = (innerRows + Self.blockRows - 1) / Self.blockRows
    let blocksOfPanel = (blocks + ReproducibleSum.mostTerms - 1) / ReproducibleSum.mostTerms
    let panels = BlockPartition(
      extent: innerRows, blockSize: blocksOfPanel * Self.blockRows, ranks: world.size)
    let buffer = Matrix<Float>(rows: Self.blockRows, columns: columns.count, repeating: 0)
    let factor = Matrix<Float>(rows: Self.blockRows, columns: factors.rank, repeating: 0)
    let term = Matrix<Float>(rows: columns.count, columns: factors.rank, repeating: 0)
    for panel in panels.blocks(of: world.rank) {
      let range = panels.range(ofBlock: panel)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockRows) {
        let rows = start..<min(start + Self.blockRows, range.upperBound)
        let block = try clock.measure(.reading) {
          try read(inner: true, rows, into: factor.rows(0..<rows.count))
          return try x.read(rows: rows, columns: columns, into: buffer.elements)
        }
        clock.measure(.computing) {
          multiply(
            block.transposed, factor.rows(0..<rows.count), into: term.view,
            beta: start == range.lowerBound ? 0 : 1)
        }
        guard sumOfSquares(block).isFinite else { throw x.notFinite(block, rows, columns) }
      }
      for (column, sum) in sums.enumerated() {
        guard sum.add(UnsafeBufferPointer(rebasing: run(column, of: term))) else {
          throw tooLarge(column: columns.lowerBound + column)
        }
      }
    }
  }

  /// Computes and writes this rank's rows of a group of columns of Y.
  func writeOuter(_ inner: borrowing Matrix<Float>, _ group: Int, to file: ParallelFile) throws {
    let columns = columns(of: group)
    let blocks = BlockPartition(extent: rows, blockSize: Self.blockRows, ranks: world.size)
    let factor = Matrix<Float>(rows: Self.blockRows, columns: factors.rank, repeating: 0)
    let product = Matrix<Float>(
      rows: min(rows, Self.blockRows), columns: width, repeating: 0)
    for block in blocks.blocks(of: world.rank) {
      let rows = blocks.range(ofBlock: block)
      try clock.measure(.reading) {
        try read(inner: false, rows, into: factor.rows(0..<rows.count))
      }
      let result = product.view.block(rows: 0..<rows.count, columns: 0..<columns.count)
      try clock.measure(.computing) {
        multiply(factor.rows(0..<rows.count), inner.view.transposed, into: result)
        if let place = sumOfSquares(result).isFinite ? nil : firstNonFinite(result) {
          throw tooLarge(column: columns.lowerBound + place.column)
        }
      }
      let count = planned.chunk == nil ? rows.count * width : product.elements.count
      let size = MemoryLayout<Float>.size
      try clock.measure(.writing) {
        try file.write(
          UnsafeRawBufferPointer(
            UnsafeBufferPointer(rebasing: product.elements[..<count])), dataset: 0,
          offset: (block * groups + group) * product.elements.count * size)
      }
    }
  }

  private func tooLarge(column: Int) -> InputError {
    .badData(
      "\(x.dataset.name): column \(column) is so large that its product with \(factors.path) is "
        + "beyond float32; divide it by a number")
  }

  private func columns(of group: Int) -> Range<Int> {
    group * width..<min((group + 1) * width, x.columns)
  }

  private func read(inner: Bool, _ rows: Range<Int>, into target: MatrixView<Float>) throws {
    if inner == transposed {
      try factors.readLeft(rows: rows, into: target)
    } else {
      try factors.readRight(rows: rows, into: target)
    }
  }

  private func run(_ row: Int, of term: borrowing Matrix<Float>) -> Slice<
    UnsafeBufferPointer<Float>
  > {
    UnsafeBufferPointer(term.elements)[row * term.columns..<(row + 1) * term.columns]
  }
}
