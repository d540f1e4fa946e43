// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// The fixed cuts of an n x d matrix: tiles of rows, panels of columns, strips of panels.
///
/// They depend on n, d and the sketch width alone, never on the number of ranks, the memory or the
/// storage. Every product is that of one tile with one strip, whoever computes it, so the factors
/// are the same in every bit for any number of ranks.
package struct MatrixGrid: Equatable, Sendable {
  /// Tiles of rows and the ranks that own these rows of the basis.
  package let tiles: BlockPartition
  /// Panels of columns and the ranks that own these columns of A.
  package let panels: BlockPartition

  /// Columns in a strip: the inner dimension of products A V. Long enough that what a product copies of V
  /// is little beside A, short enough that a tile of it fits into a cache.
  package var stripWidth: Int { panels.blockSize <= 640 ? panels.blockSize : 512 }

  /// - Parameters:
  ///   - n: rows of A.
  ///   - d: columns of A.
  ///   - width: columns of the basis; a tile has at least twice as many rows, so that the inner nodes
  ///     of the TSQR stay smaller than its leaves.
  ///   - ranks: over whom tiles and panels are spread; the cuts do not depend on it.
  package init(rows n: Int, columns d: Int, width: Int, ranks: Int) {
    func size(_ extent: Int, most: Int, into parts: Int) -> Int {
      min(max((extent / parts + 63) / 64 * 64, 256), most)
    }
    tiles = BlockPartition(
      extent: n, blockSize: max(size(n, most: 1024, into: 32), (2 * width + 63) / 64 * 64),
      ranks: ranks)
    // Each panel is a term of a reproducible sum.
    let panel = max(
      size(d, most: 2048, into: 64), (d / ReproducibleSum.mostTerms + 256) / 256 * 256)
    panels = BlockPartition(extent: d, blockSize: panel, ranks: ranks)
  }

  /// The columns of each strip of a panel, from left to right.
  func strips(ofPanel panel: Int) -> [Range<Int>] {
    let range = panels.range(ofBlock: panel)
    return stride(from: range.lowerBound, to: range.upperBound, by: stripWidth).map {
      $0..<min($0 + stripWidth, range.upperBound)
    }
  }
}
