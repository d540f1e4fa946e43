// SPDX-License-Identifier: Apache-2.0

/// A fixed grid of blocks over 0..<extent and the ranks that own them.
///
/// The grid depends on the extent and the block size alone; only the owners depend on the number
/// of ranks. Every rank owns a contiguous run of blocks, empty for some if there are more ranks
/// than blocks.
package struct BlockPartition: Equatable, Sendable {
  package let extent: Int
  package let blockSize: Int
  package let ranks: Int

  package init(extent: Int, blockSize: Int, ranks: Int) {
    precondition(extent > 0 && blockSize > 0 && ranks > 0)
    self.extent = extent
    self.blockSize = blockSize
    self.ranks = ranks
  }

  /// The number of blocks.
  package var count: Int { (extent + blockSize - 1) / blockSize }

  /// The indices of a block; the last block may be short.
  package func range(ofBlock block: Int) -> Range<Int> {
    block * blockSize..<min((block + 1) * blockSize, extent)
  }

  /// The blocks of a rank.
  package func blocks(of rank: Int) -> Range<Int> {
    rank * count / ranks..<(rank + 1) * count / ranks
  }

  /// The indices of a rank.
  package func range(of rank: Int) -> Range<Int> {
    let blocks = blocks(of: rank)
    return min(blocks.lowerBound * blockSize, extent)..<min(blocks.upperBound * blockSize, extent)
  }

  /// The rank that owns a block.
  package func owner(ofBlock block: Int) -> Int { ((block + 1) * ranks - 1) / count }

  /// The most indices that any rank owns.
  package var largestRange: Int {
    min(extent, (count + ranks - 1) / ranks * blockSize)
  }
}

extension Matrix<Float> {
  /// This matrix, whose rows are those of a rank's blocks, times a small one: block by block, so
  /// that the products are the same on any number of ranks.
  package func times(
    _ small: borrowing Matrix<Float>, blocks partition: BlockPartition, of rank: Int
  ) -> Matrix<Float> {
    let result = Matrix<Float>(rows: rows, columns: small.columns, repeating: 0)
    let first = partition.range(of: rank).lowerBound
    for block in partition.blocks(of: rank) {
      let range = partition.range(ofBlock: block)
      let rows = range.lowerBound - first..<range.upperBound - first
      multiply(self.rows(rows), small.view, into: result.rows(rows))
    }
    return result
  }
}
