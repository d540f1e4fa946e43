// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
package import ParallelHDF5

/// Writes a matrix with known singular values to a file, in parallel:
///
///     A = c U diag(s) V^T + noise N,   U (n x k) and V (d x k) with orthonormal columns,
///
/// where U and V are the orthogonal factors of matrices of independent normal numbers, as is N, and
/// c makes the root mean square of the first term 1. The same values for any number of ranks.
package struct MatrixGenerator: Sendable {
  package var rows: Int
  package var columns: Int
  package var kind: MatrixKind
  package var noise = 0.0
  package var seed: UInt64 = 0
  package var type = ElementType.float32
  /// Rows and columns of a chunk, nil for contiguous storage.
  package var chunk: (rows: Int, columns: Int)?
  /// Components beyond this number are left out.
  package var mostComponents = 1024

  package init(rows: Int, columns: Int, kind: MatrixKind) {
    self.rows = rows
    self.columns = columns
    self.kind = kind
  }

  /// Writes the matrix to dataset `/data` of a new file. Collective.
  ///
  /// 2 n d k flops; a rank holds its rows of U and all of V, 4 (n / ranks + d) k bytes.
  package func generate(_ path: String, replacing force: Bool, on world: Communicator) throws {
    let values = kind.singularValues(most: min(rows, columns, mostComponents))
    let file = try ParallelFile(path: path, replacing: force, input: nil, on: world)
    try file.removingOnFailure {
      let dataset = PlannedDataset(
        path: "/data", rows: rows, columns: columns, type: type, chunk: chunk)
      try file.layOut([dataset])
      let bands = BlockPartition(extent: rows, blockSize: bandRows, ranks: world.size)
      let mine = bands.range(of: world.rank)
      let blocks = Source.productBlocks(over: mine)
      let needed = (blocks.first?.lowerBound ?? 0)..<min(blocks.last?.upperBound ?? 0, rows)
      let u = try orthonormal(
        extent: rows, count: values.count, stream: 11, rows: needed, on: world)
      let v = try orthonormal(
        extent: columns, count: values.count, stream: 12, rows: 0..<columns, on: world)
      scale(u, by: values)
      let source = Source(generator: self, u: u, v: v, firstRow: needed.lowerBound)
      try world.agree {
        for band in bands.blocks(of: world.rank) {
          try write(source.rows(bands.range(ofBlock: band)), band: band, dataset, to: file)
        }
      }
      try file.commit(comparing: false) { parts in
        try parts.attach(
          [
            "creator": .text(FactorFormat.creator), "kind": .text("\(kind)"),
            "noise": .number(noise), "seed": .integers([Int(truncatingIfNeeded: seed)]),
            "components": .integers([values.count]),
          ], to: "/data")
      }
    }
  }

  /// Rows that are made and written together: those of a chunk, or about 16 MiB.
  private var bandRows: Int { chunk?.rows ?? max(1, min(1024, (4 << 20) / columns)) }

  // MARK: Factors

  /// Multiplies the columns of U by the singular values, so that the root mean square of the
  /// elements of U diag(s) V^T is 1.
  private func scale(_ u: borrowing Matrix<Float>, by values: [Double]) {
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let unit = (Double(rows) * Double(columns)).squareRoot() / norm
    for row in u.view.storedRows {
      for (column, value) in values.enumerated() { row[column] *= Float(unit * value) }
    }
  }

  /// Rows `wanted` of the orthogonal factor of an extent x k matrix of normal numbers. Collective;
  /// all rows pass through every rank.
  private func orthonormal(
    extent: Int, count k: Int, stream: UInt64, rows wanted: Range<Int>, on world: Communicator
  ) throws -> Matrix<Float> {
    let leaves = BlockPartition(extent: extent, blockSize: max(1024, 2 * k), ranks: world.size)
    let mine = leaves.range(of: world.rank)
    let random = Philox(seed: seed, stream: stream)
    let normal = Matrix<Float>(rows: mine.count, columns: k, repeating: 0)
    for (row, index) in zip(normal.view.storedRows, mine) { random.fillNormal(row, index: index) }
    let q = Matrix<Double>(rows: mine.count, columns: k, repeating: 0)
    normal.widen(into: q)
    _ = try TSQR(partition: leaves, columns: k, world: world).factor(q)

    let result = Matrix<Float>(rows: wanted.count, columns: k, repeating: 0)
    let passing = Matrix<Float>(rows: leaves.blockSize, columns: k, repeating: 0)
    for block in 0..<leaves.count {
      let range = leaves.range(ofBlock: block)
      if mine.contains(range.lowerBound) {
        let start = (range.lowerBound - mine.lowerBound) * k
        for index in 0..<range.count * k {
          passing.elements[index] = Float(q.elements[start + index])
        }
      }
      try world.broadcast(
        UnsafeMutableBufferPointer(rebasing: passing.elements[..<(range.count * k)]),
        from: leaves.owner(ofBlock: block))
      for row in range.clamped(to: wanted) {
        let source = passing.rows(row - range.lowerBound..<row - range.lowerBound + 1)
        let target = result.rows(row - wanted.lowerBound..<row - wanted.lowerBound + 1)
        for (target, source) in zip(target.storedRows, source.storedRows) {
          _ = target.update(fromContentsOf: source)
        }
      }
    }
    return result
  }

  // MARK: Writing

  private func write(
    _ values: borrowing Matrix<Float>, band: Int, _ dataset: PlannedDataset, to file: ParallelFile
  ) throws {
    guard let chunk else {
      let offset = band * bandRows * columns * type.byteCount
      try write(values.view, to: file, offset: offset)
      return
    }
    let buffer = Matrix<Float>(rows: chunk.rows, columns: chunk.columns, repeating: 0)
    for column in 0..<dataset.chunkCounts.columns {
      let start = column * chunk.columns
      let part = values.view.block(
        rows: 0..<values.rows, columns: start..<min(start + chunk.columns, columns))
      for (target, source) in zip(buffer.view.storedRows, part.storedRows) {
        _ = target.update(fromContentsOf: source)
      }
      let number = band * dataset.chunkCounts.columns + column
      try write(buffer.view, to: file, offset: number * buffer.elements.count * type.byteCount)
    }
  }

  /// Writes all elements of a view without gaps, as the type of the file.
  private func write(_ view: MatrixView<Float>, to file: ParallelFile, offset: Int) throws {
    let values = UnsafeBufferPointer(start: view.base, count: view.rows * view.columns)
    switch type {
    case .float32:
      try file.write(UnsafeRawBufferPointer(values), dataset: 0, offset: offset)
    case .float64:
      try values.map(Double.init).withUnsafeBytes { try file.write($0, dataset: 0, offset: offset) }
    case .float16:
      try values.map(Float16.init).withUnsafeBytes {
        try file.write($0, dataset: 0, offset: offset)
      }
    case .uint8:
      try values.map { UInt8(clamping: Int(($0 * 255).rounded())) }
        .withUnsafeBytes { try file.write($0, dataset: 0, offset: offset) }
    }
  }
}

/// The values of rows of the matrix.
private struct Source: ~Copyable {
  let generator: MatrixGenerator
  let u: Matrix<Float>
  let v: Matrix<Float>
  let firstRow: Int

  init(
    generator: MatrixGenerator, u: consuming Matrix<Float>, v: consuming Matrix<Float>,
    firstRow: Int
  ) {
    self.generator = generator
    self.u = u
    self.v = v
    self.firstRow = firstRow
  }

  func rows(_ rows: Range<Int>) -> Matrix<Float> {
    let result = Matrix<Float>(rows: rows.count, columns: generator.columns, repeating: 0)
    if generator.kind == .phantom { draw(rows, into: result) }
    if u.columns > 0 { addProduct(rows, to: result) }
    if generator.noise > 0 { addNoise(rows, to: result) }
    return result
  }

  /// U V^T by blocks of rows that do not depend on the storage, nor then do the last bits.
  private func addProduct(_ rows: Range<Int>, to result: borrowing Matrix<Float>) {
    for block in Self.productBlocks(over: rows) {
      let inside = block.clamped(to: rows)
      let target = result.rows(inside.shifted(by: -rows.lowerBound))
      let factor = u.rows(block.clamped(to: firstRow..<firstRow + u.rows).shifted(by: -firstRow))
      if factor.rows == target.rows {
        multiply(factor, v.view.transposed, into: target)
        continue
      }
      let product = Matrix<Float>(rows: factor.rows, columns: v.rows, repeating: 0)
      multiply(factor, v.view.transposed, into: product.view)
      let part = product.rows(inside.shifted(by: -block.lowerBound))
      for (target, source) in zip(target.storedRows, part.storedRows) {
        _ = target.update(fromContentsOf: source)
      }
    }
  }

  /// The aligned blocks that some rows touch.
  static func productBlocks(over rows: Range<Int>) -> [Range<Int>] {
    let size = 256
    return stride(from: rows.lowerBound / size * size, to: rows.upperBound, by: size).map {
      $0..<$0 + size
    }
  }

  private func draw(_ rows: Range<Int>, into result: borrowing Matrix<Float>) {
    func coordinate(_ index: Int, _ extent: Int) -> Double {
      extent > 1 ? 2 * Double(index) / Double(extent - 1) - 1 : 0
    }
    for row in rows {
      for column in 0..<generator.columns {
        let value = phantom(
          x: coordinate(column, generator.columns), y: -coordinate(row, generator.rows))
        result[row - rows.lowerBound, column] = Float(value)
      }
    }
  }

  private func addNoise(_ rows: Range<Int>, to result: borrowing Matrix<Float>) {
    let random = Philox(seed: generator.seed, stream: 13)
    let noise = Matrix<Float>(rows: 1, columns: generator.columns, repeating: 0)
    for row in rows {
      random.fillNormal(noise.elements, index: row)
      for column in 0..<generator.columns {
        result[row - rows.lowerBound, column] += Float(generator.noise) * noise[0, column]
      }
    }
  }
}
