// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
package import MessagePassing
internal import ParallelHDF5

/// A request resolved for one matrix and one number of ranks: made once, the same on every rank.
package struct CompressionPlan: Sendable {
  package let request: CompressionRequest
  /// n and d of A, which is the transpose of the file's matrix if the axis is `rows`.
  package let rows: Int
  package let columns: Int
  /// Rank, bits and size as the user wants them, for A.
  package let rule: RankRule
  /// The columns of the sketch.
  package let width: Int
  package let grid: MatrixGrid
  package let memory: MemoryPlan

  /// Collective. Throws ``PlanError``, the same on every rank.
  package init(_ request: CompressionRequest, for input: InputMatrix, on world: Communicator) throws
  {
    self.request = request
    rows = input.rows
    columns = input.columns
    // The user's left and right are those of the file.
    var rule = request.rankRule
    if input.axis == .rows { swap(&rule.leftBits, &rule.rightBits) }
    self.rule = rule
    let limit = try request.memory ?? Self.shareOfMemory(on: world)
    let (n, d) = (input.rows, input.columns)
    (width, grid, memory) = try world.agree {
      let width =
        switch request.basis {
        case .sketch: try rule.resolve(rows: n, columns: d, quantizer: request.quantizer).rank
        case .svd: try rule.sketchWidth(rows: n, columns: d, asked: request.width)
        }
      let grid = MatrixGrid(rows: n, columns: d, width: width, ranks: world.size)
      let memory = try MemoryPlan(
        grid: grid, width: width, keepsBothSides: request.basis == .svd, axis: input.axis,
        chunk: input.dataset.chunk, limit: limit)
      return (width, grid, memory)
    }
  }

  /// The same bits for every component, of a rank that is known before A is read.
  func uniformChoice() throws -> RankAndBits {
    try rule.resolve(rows: rows, columns: columns, quantizer: request.quantizer)
  }

  /// Bits for each component of a known spectrum, descending squares of singular values.
  func allocate(energies: [Double]) throws -> BitAllocation {
    try rule.allocate(energies: energies, rows: rows, columns: columns)
  }

  /// Half of the memory of the node for each of its ranks, the least of all nodes. Collective.
  private static func shareOfMemory(on world: Communicator) throws -> Int {
    let node = try world.ranksOfThisNode()
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return try world.allReduce(physical / 2 / node.size, .min)
  }
}
