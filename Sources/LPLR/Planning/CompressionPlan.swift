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
  package let choice: RankAndBits
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
    let limit = try request.memory ?? Self.shareOfMemory(on: world)
    let (n, d) = (input.rows, input.columns)
    (choice, grid, memory) = try world.agree {
      let choice = try rule.resolve(rows: n, columns: d, quantizer: request.quantizer)
      let grid = MatrixGrid(rows: n, columns: d, width: choice.rank, ranks: world.size)
      let memory = try MemoryPlan(
        grid: grid, width: choice.rank, axis: input.axis, chunk: input.dataset.chunk, limit: limit)
      return (choice, grid, memory)
    }
    width = choice.rank
  }

  /// Half of the memory of the node for each of its ranks, the least of all nodes. Collective.
  private static func shareOfMemory(on world: Communicator) throws -> Int {
    let node = try world.ranksOfThisNode()
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return try world.allReduce(physical / 2 / node.size, .min)
  }
}
