// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// The order in which a rank reads its column block: groups of tiles, and for each of them pieces
/// of its columns.
///
/// What is read in one call depends on memory and storage; what is computed with it, cell by cell,
/// does not (see ``MatrixGrid``).
struct BlockStream {
  let grid: MatrixGrid
  let rank: Int
  /// Tiles in a group.
  let tilesPerGroup: Int
  /// Columns read in one call: whole panels, or strips of one panel.
  let columnsPerRead: Int

  /// One product's worth of A: a tile by a strip.
  struct Cell {
    let tile: Int
    /// The panel, counted from the first one of this rank.
    let localPanel: Int
    /// Rows and columns of A.
    let rows: Range<Int>
    let columns: Range<Int>
    /// The first and the last strip of its panel.
    let isFirst: Bool
    let isLast: Bool
  }

  /// A rectangle of A that is read in one call.
  struct Piece {
    let rows: Range<Int>
    let columns: Range<Int>

    var byteCount: Int { rows.count * columns.count * MemoryLayout<Float>.size }
  }

  /// Every piece of the rank's column block: group after group from the top, each from left to
  /// right.
  var pieces: [Piece] {
    groups.flatMap { group in reads.map { Piece(rows: rows(of: group), columns: $0) } }
  }

  /// The groups of tiles, from the top of A to the bottom.
  var groups: [Range<Int>] {
    let count = grid.tiles.count
    return stride(from: 0, to: count, by: tilesPerGroup).map { $0..<min($0 + tilesPerGroup, count) }
  }

  /// What a pass still has to go through when so many tiles are done, with the numbers of the groups;
  /// the first may be the rest of a group.
  func groups(after done: Int, isUpward: Bool) -> [(number: Int, tiles: Range<Int>)] {
    let count = grid.tiles.count
    let left = isUpward ? 0..<count - done : done..<count
    let rest = groups.enumerated().map { (number: $0, tiles: $1.clamped(to: left)) }
      .filter { !$0.tiles.isEmpty }
    return isUpward ? rest.reversed() : rest
  }

  /// The rows of a group.
  func rows(of group: Range<Int>) -> Range<Int> {
    grid.tiles.range(ofBlock: group.lowerBound)
      .lowerBound..<grid.tiles.range(ofBlock: group.upperBound - 1).upperBound
  }

  /// The columns of each read, from left to right.
  var reads: [Range<Int>] {
    let mine = grid.panels.range(of: rank)
    let panel = grid.panels.blockSize
    // Reads end where panels end, so that no strip is cut.
    if columnsPerRead >= panel {
      let step = columnsPerRead / panel * panel
      return stride(from: mine.lowerBound, to: mine.upperBound, by: step).map {
        $0..<min($0 + step, mine.upperBound)
      }
    }
    return grid.panels.blocks(of: rank).flatMap { block in
      let range = grid.panels.range(ofBlock: block)
      let step = max(1, columnsPerRead / grid.stripWidth) * grid.stripWidth
      return stride(from: range.lowerBound, to: range.upperBound, by: step).map {
        $0..<min($0 + step, range.upperBound)
      }
    }
  }

  /// A cell for each tile of a group by columns of one panel, in the order in which a pass goes: sums
  /// over tiles must not depend on where groups end.
  func cells(of group: Range<Int>, within columns: Range<Int>, isUpward: Bool) -> [Cell] {
    let panel = columns.lowerBound / grid.panels.blockSize
    let whole = grid.panels.range(ofBlock: panel)
    return (isUpward ? Array(group.reversed()) : Array(group)).map { tile in
      Cell(
        tile: tile, localPanel: panel - grid.panels.blocks(of: rank).lowerBound,
        rows: grid.tiles.range(ofBlock: tile), columns: columns,
        isFirst: columns.lowerBound == whole.lowerBound,
        isLast: columns.upperBound == whole.upperBound)
    }
  }

  /// The cells of a read, strip after strip.
  func cells(of group: Range<Int>, _ read: Range<Int>, isUpward: Bool) -> [Cell] {
    let panels =
      read.lowerBound / grid.panels.blockSize...(read.upperBound - 1)
      / grid.panels.blockSize
    return panels.flatMap(grid.strips(ofPanel:)).filter { read.contains($0.lowerBound) }
      .flatMap { cells(of: group, within: $0, isUpward: isUpward) }
  }
}
