// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
internal import ParallelHDF5

/// Rebuilds a matrix, or a part of it, from its factors.
package struct Decompressor {
  /// Rows and columns to rebuild; nil for all.
  package var rows: Range<Int>?
  package var columns: Range<Int>?
  /// Leading components to use; nil for all.
  package var rank: Int?

  package init(rows: Range<Int>? = nil, columns: Range<Int>? = nil, rank: Int? = nil) {
    self.rows = rows
    self.columns = columns
    self.rank = rank
  }

  /// Writes left[rows, :rank] right[columns, :rank]^T as chunked float32 to a dataset with the path
  /// of the original one. Collective.
  ///
  /// Every rank computes and writes whole chunks; memory is that of one band of `left` and one
  /// panel of `right`. 2 rows columns rank flops.
  package func decompress(
    _ path: String, to output: String, replacing force: Bool, on world: Communicator
  ) throws -> DecompressionReport {
    let clock = StageClock()
    let factors = try world.openFactors(path)
    let (rows, columns, rank) = try world.agree { try resolve(for: factors) }
    let planned = PlannedDataset(
      path: factors.group, rows: rows.count, columns: columns.count, type: .float32,
      chunk: (min(rows.count, 1024), min(columns.count, 1024)))
    let file = try ParallelFile(
      path: output, replacing: force, input: path,
      reserving: planned.byteCount + ParallelFile.overhead, on: world)
    return try file.removingOnFailure {
      try file.layOut([planned])
      try world.agree {
        try ChunkedProduct(factors: factors, rows: rows, columns: columns, rank: rank, clock: clock)
          .write(planned, to: file, by: world.rank, of: world.size)
        try factors.checkUnchanged()
      }
      try clock.measure(.writing) {
        try file.commit { parts in
          try parts.attach(
            [
              "creator": .text(FactorFormat.creator),
              "rows": .integers([rows.lowerBound, rows.upperBound]),
              "columns": .integers([columns.lowerBound, columns.upperBound]),
              "rank": .integers([rank]),
            ], to: factors.group)
        }
      }
      return DecompressionReport(
        dataset: factors.group, shape: (rows.count, columns.count), rank: rank,
        relativeError: factors.relativeError(ofLeading: rank),
        times: try clock.summary(on: world))
    }
  }

  private func resolve(for factors: FactorReader) throws -> (Range<Int>, Range<Int>, Int) {
    func checked(_ range: Range<Int>?, _ extent: Int, _ what: String) throws -> Range<Int> {
      let range = range ?? 0..<extent
      guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= extent else {
        throw PlanError(
          "\(what) \(range.lowerBound):\(range.upperBound): expected a part of 0:\(extent)")
      }
      return range
    }
    let rank = rank ?? factors.rank
    guard (1...max(factors.rank, 1)).contains(rank) || rank == factors.rank else {
      throw PlanError("rank \(rank): expected 1 to \(factors.rank)")
    }
    return (
      try checked(rows, factors.rows, "rows"), try checked(columns, factors.columns, "columns"),
      rank
    )
  }
}

/// What a finished decompression has to say.
package struct DecompressionReport: Sendable {
  package let dataset: String
  package let shape: (rows: Int, columns: Int)
  package let rank: Int
  /// Of the whole matrix in so many components, if the file says it.
  package let relativeError: Double?
  package let times: StageTimes
}

extension Communicator {
  /// Opens a factor file on the root first, then on every rank. Collective.
  func openFactors(_ path: String) throws -> FactorReader {
    try agreeOnRoot { _ = try FactorReader(path: path) }
    return try agree { try FactorReader(path: path) }
  }
}

/// left right^T, chunk by chunk.
private struct ChunkedProduct {
  let factors: FactorReader
  let rows: Range<Int>
  let columns: Range<Int>
  let rank: Int
  let clock: StageClock

  /// Computes and writes a rank's share of the chunks: a contiguous run of them, by rows of chunks.
  func write(_ planned: PlannedDataset, to file: ParallelFile, by index: Int, of ranks: Int) throws
  {
    guard let chunk = planned.chunk else { return }
    let counts = planned.chunkCounts
    let share = BlockPartition(extent: counts.rows * counts.columns, blockSize: 1, ranks: ranks)
    let left = Matrix<Float>(rows: chunk.rows, columns: rank, repeating: 0)
    let right = Matrix<Float>(rows: chunk.columns, columns: rank, repeating: 0)
    let product = Matrix<Float>(rows: chunk.rows, columns: chunk.columns, repeating: 0)
    var band = -1
    for number in share.range(of: index) {
      let (row, column) = (number / counts.columns, number % counts.columns)
      let high = part(row, chunk.rows, of: rows)
      let wide = part(column, chunk.columns, of: columns)
      try clock.measure(.reading) {
        if row != band { try factors.readLeft(rows: high, into: left.rows(0..<high.count)) }
        try factors.readRight(rows: wide, into: right.rows(0..<wide.count))
      }
      band = row
      clock.measure(.computing) {
        multiply(
          left.rows(0..<high.count), right.rows(0..<wide.count).transposed,
          into: product.view.block(rows: 0..<high.count, columns: 0..<wide.count))
      }
      try clock.measure(.writing) {
        try file.write(
          UnsafeRawBufferPointer(product.elements), dataset: 0,
          offset: number * product.elements.count * MemoryLayout<Float>.size)
      }
    }
  }

  private func part(_ index: Int, _ size: Int, of range: Range<Int>) -> Range<Int> {
    let start = range.lowerBound + index * size
    return start..<min(start + size, range.upperBound)
  }
}
