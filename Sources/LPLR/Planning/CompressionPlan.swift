// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
package import MessagePassing

/// A request resolved for one matrix and one number of ranks: made once, the same on every rank.
package struct CompressionPlan: Sendable {
  package let request: CompressionRequest
  /// n and d of A, which is the transpose of the file's matrix if the axis is `rows`.
  package let rows: Int
  package let columns: Int
  /// Rank, bits and size as the user wants them, for A.
  package let rule: RankRule
  /// The columns of the basis.
  package let width: Int
  /// The columns of the sketch, at least as many.
  package let sketchWidth: Int
  package let grid: MatrixGrid
  package let memory: MemoryPlan

  private let axis: BlockAxis
  private let storage: MatrixStorage
  /// Bytes that a rank may use.
  let memoryLimit: Int

  /// Collective. Throws ``PlanError``, the same on every rank.
  package init(_ request: CompressionRequest, for input: InputMatrix, on world: Communicator) throws
  {
    let limit = try request.memory ?? Self.shareOfMemory(on: world)
    self = try world.agree {
      try CompressionPlan(
        request, MatrixStorage(of: input.dataset), ranks: world.size, limit: limit)
    }
  }

  /// The same without MPI and without the matrix. A rank may use `limit` bytes, unless the request
  /// says something else.
  package init(
    _ request: CompressionRequest, _ storage: MatrixStorage, ranks: Int, limit: Int
  ) throws {
    let axis = request.axis.resolved(
      rows: storage.rows, columns: storage.columns, chunk: storage.chunk)
    // The user's left and right are those of the file.
    var rule = request.rankRule
    if axis == .rows { swap(&rule.leftBits, &rule.rightBits) }
    let (n, d) =
      axis == .rows ? (storage.columns, storage.rows) : (storage.rows, storage.columns)
    let width =
      switch request.basis {
      case .sketch: try rule.resolve(rows: n, columns: d, quantizer: request.quantizer).rank
      case .svd, .exact:
        try rule.basisWidth(
          rows: n, columns: d, asked: request.width, quantizer: request.quantizer)
      }
    try self.init(
      request, rule, rows: n, columns: d, width: width, axis: axis, storage: storage,
      limit: request.memory ?? limit, ranks: ranks)
  }

  /// The same plan with a wider sketch. Collective. Throws ``PlanError`` if it does not fit.
  func widened(to width: Int, on world: Communicator) throws -> CompressionPlan {
    try world.agree {
      try CompressionPlan(
        request, rule, rows: rows, columns: columns, width: width, axis: axis, storage: storage,
        limit: memoryLimit, ranks: world.size)
    }
  }

  private init(
    _ request: CompressionRequest, _ rule: RankRule, rows: Int, columns: Int, width: Int,
    axis: BlockAxis, storage: MatrixStorage, limit: Int, ranks: Int
  ) throws {
    (self.request, self.rule, self.width) = (request, rule, width)
    (self.rows, self.columns) = (rows, columns)
    (self.axis, self.storage, memoryLimit) = (axis, storage, limit)
    sketchWidth =
      request.basis == .svd && request.sketch == .sparse
      ? Self.wideSketch(for: width, rows: rows) : width
    grid = MatrixGrid(rows: rows, columns: columns, width: width, ranks: ranks)
    memory = try MemoryPlan(
      grid: grid, width: width, sketchWidth: sketchWidth,
      keepsBothSides: request.basis != .sketch, axis: axis, chunk: storage.chunk,
      // The page cache of the system keeps a plain file as well, and is not cleared first.
      keepsTiles: request.memory != nil || !storage.isPlain, limit: limit)
  }

  /// Columns of a sparse sketch for a basis of so many: they cost next to nothing at the read, and
  /// m^2 numbers and m^3 flops on one rank afterwards. With little more than n columns S^T has full rank,
  /// and its inverse is small enough.
  private static func wideSketch(for width: Int, rows n: Int) -> Int {
    let columns = max(width, min(4 * width, mostSketchColumns, n + max(64, n / 4)))
    return (columns + SparseSketch.copies - 1) / SparseSketch.copies * SparseSketch.copies
  }

  private static let mostSketchColumns = 1280

  /// The same bits for every component, of a rank that is known before A is read.
  func uniformChoice() throws -> RankAndBits {
    try rule.resolve(rows: rows, columns: columns, quantizer: request.quantizer)
  }

  /// Bits for each component of a known spectrum.
  ///
  /// - Parameters:
  ///   - energies: squares of the singular values, descending.
  ///   - energy: ||A||_F^2.
  func allocate(energies: [Double], energy: Double) throws -> BitAllocation {
    guard let tolerance = rule.tolerance else {
      return try rule.allocate(
        energies: energies, energy: energy, rows: rows, columns: columns,
        quantizer: request.quantizer)
    }
    return BitAllocation.leastBytes(
      energies: energies, tail: energy - energies.reduce(0, +), rows: rows, columns: columns,
      squaredError: tolerance * tolerance * energy)
  }

  /// Half of the memory of the node for each of its ranks, the least of all nodes. Collective.
  private static func shareOfMemory(on world: Communicator) throws -> Int {
    let node = try world.ranksOfThisNode()
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return try world.allReduce(physical / 2 / node.size, .min)
  }
}

extension CompressionPlan {
  /// How a rank reads A.
  func sweep(
    over input: InputMatrix, on world: Communicator, _ clock: StageClock,
    keptIn checkpoint: Checkpoint
  ) -> Sweep {
    let stream = BlockStream(
      grid: grid, rank: world.rank, tilesPerGroup: memory.tilesPerGroup,
      columnsPerRead: memory.columnsPerRead)
    return Sweep(
      tiles: TileReader(input: input, stream: stream, keeping: memory.keepable), world: world,
      clock: clock, checkpoint: checkpoint)
  }
}
