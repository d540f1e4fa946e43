// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// The large arrays of a rank at each stage and what is left for reading, in bytes.
///
/// Computed before anything is allocated; the most any rank needs, so that all ranks plan alike.
package struct MemoryPlan: Equatable, Sendable {
  /// The limit.
  package let limit: Int
  /// What the largest rank needs besides tiles in flight.
  package let resident: Int
  /// Tiles in a group and columns in a read, for the block stream.
  package let tilesPerGroup: Int
  package let columnsPerRead: Int
  /// What is left for pieces of A that stay in memory between reads.
  package let keepable: Int

  /// One read of A is at most this large: longer ones are not faster, and two of them are in memory.
  private static let largestRead = 32 << 20
  /// Rows of a group, if memory allows: products and the sketch go through more of A for each row of
  /// the basis or the sketch that they load.
  private static let usefulRows = 1024

  /// For a basis of m columns and a sketch of this rank's columns of A with `sketchWidth` of them; with
  /// `keepsBothSides`, both sides are orthonormalized and rotated in memory.
  ///
  /// Throws ``PlanError`` if even the smallest reads do not fit.
  init(
    grid: MatrixGrid, width m: Int, sketchWidth: Int, keepsBothSides: Bool, axis: BlockAxis,
    chunk: [Int]?, keepsTiles: Bool, limit: Int
  ) throws {
    self.limit = limit
    resident = Self.largestStage(grid, m, sketchWidth, keepsBothSides: keepsBothSides)
    let tile = min(grid.tiles.blockSize, grid.tiles.extent)
    // A tile's products and two parts of its reproducible sums; its rows of Q are fewer.
    let perTile = tile * m * (4 + 16)
    let strip = min(grid.stripWidth, grid.panels.extent)
    // One piece is computed with while the next is read.
    let thinnest = 2 * tile * strip * 4
    let smallest = resident + perTile + thinnest
    guard smallest <= limit else {
      throw PlanError(
        "a rank needs at least \((smallest >> 20) + 1) MiB (\(resident >> 20) MiB for its rows and "
          + "columns of the factors, \((smallest - resident) >> 20) MiB for tiles) and may use "
          + "\(limit >> 20) MiB; raise --memory, use more ranks or lower the rank")
    }
    let free = limit - resident
    if axis == .rows {
      // Whole rows of the file, as far as they fit.
      tilesPerGroup = max(
        1,
        min(grid.tiles.count, free / (perTile + thinnest), Self.largestRead / (tile * strip * 4)))
      columnsPerRead = strip
    } else {
      let chunkTiles = ((chunk?[0] ?? 1) + tile - 1) / tile
      tilesPerGroup = max(
        1,
        min(
          max(chunkTiles, Self.usefulRows / tile), grid.tiles.count, free / 2 / perTile,
          free / (perTile + thinnest)))
      let bytes = min(Self.largestRead, (free - tilesPerGroup * perTile) / 2)
      columnsPerRead = max(
        strip, bytes / (tilesPerGroup * tile * 4) / grid.stripWidth * grid.stripWidth)
    }
    let inFlight = tilesPerGroup * (perTile + 2 * tile * columnsPerRead * 4)
    keepable = keepsTiles ? max(0, free - inFlight) : 0
  }

  /// The arrays of the stage that needs most, of the rank that has most rows and columns.
  private static func largestStage(
    _ grid: MatrixGrid, _ m: Int, _ sketchWidth: Int, keepsBothSides: Bool
  ) -> Int {
    let n = grid.tiles.largestRange
    let d = grid.panels.largestRange
    // In single precision: the sketch S or B, and the right factor; codes are at most 2 bytes an
    // element, and the best ones are kept besides. In double precision: Y and the inner nodes of the
    // TSQR, at most as large as Y. Histograms for fitted scales (16 KiB a component, twice while they
    // are reduced) come when Y is gone, and are no larger from 4096 rows a rank on.
    func orthonormalized(_ rows: Int, _ grid: BlockPartition) -> Int {
      let block = min(grid.blockSize, grid.extent)
      let treeShare = grid.count > 1 ? min(1, 2 * Double(m) / Double(block)) : 0
      return rows * m * 8 + Int(Double(rows * m * 8) * treeShare)
    }
    let leftSide = n * m * (4 + 4 + 4) + orthonormalized(n, grid.tiles)
    let rightSide = d * m * (4 + 4 + 4) + (keepsBothSides ? orthonormalized(d, grid.panels) : 0)
    let sketch = d * (sketchWidth + m) * 4
    let small = max((keepsBothSides ? 12 : 4) * m * m, 5 * sketchWidth * sketchWidth) * 8
    return max(leftSide + rightSide, sketch) + small + InputMatrix.chunkCacheBytes
  }
}
