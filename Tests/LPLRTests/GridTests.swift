// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

/// ``MatrixGrid``, ``MemoryPlan`` and ``BlockStream``: what is computed does not depend on what is
/// read when, and every element is read once.
@Suite struct GridTests {
  static let shapes = [
    (rows: 1, columns: 1, width: 1), (5, 3, 2), (3000, 2500, 125), (256, 257, 8), (100, 70_000, 30),
    (70_000, 100, 30), (5000, 40_000, 700), (100_000, 300, 5),
  ]

  @Test(arguments: shapes) func stripsCoverTheirPanels(rows: Int, columns: Int, width: Int) {
    let grid = MatrixGrid(rows: rows, columns: columns, width: width, ranks: 3)
    var next = 0
    for panel in 0..<grid.panels.count {
      for strip in grid.strips(ofPanel: panel) {
        #expect(strip.lowerBound == next && !strip.isEmpty)
        #expect(strip.count <= grid.stripWidth)
        next = strip.upperBound
      }
      #expect(next == grid.panels.range(ofBlock: panel).upperBound)
    }
    #expect(next == columns)
  }

  @Test(arguments: shapes) func blocksDoNotDependOnRanks(rows: Int, columns: Int, width: Int) {
    let grids = [1, 2, 3, 7, 64].map {
      MatrixGrid(rows: rows, columns: columns, width: width, ranks: $0)
    }
    #expect(Set(grids.map(\.tiles.blockSize)).count == 1)
    #expect(Set(grids.map(\.panels.blockSize)).count == 1)
    // Leaves of the TSQR are at least twice as high as wide.
    #expect(grids[0].tiles.blockSize >= 2 * width)
  }

  @Test func panelsAreFewEnoughForAReproducibleSum() {
    for columns in [1, 1 << 13, 1 << 21, (1 << 24) + 1, 1 << 31, 1 << 40] {
      let grid = MatrixGrid(rows: 100, columns: columns, width: 10, ranks: 4)
      #expect(grid.panels.count <= 1 << 13, "\(columns) columns")
    }
  }

  @Test(arguments: shapes, [1, 3, 64])
  func everyElementIsInOneCell(shape: (rows: Int, columns: Int, width: Int), ranks: Int) {
    let grid = MatrixGrid(
      rows: shape.rows, columns: shape.columns, width: shape.width, ranks: ranks)
    for (tiles, columns) in [(1, 1), (1, 300), (2, 256), (3, 5000), (1000, 1 << 20)] {
      var places: [String: Int] = [:]
      var area = 0
      for rank in 0..<ranks {
        let stream = BlockStream(
          grid: grid, rank: rank, tilesPerGroup: tiles, columnsPerRead: columns)
        for group in stream.groups {
          for read in stream.reads {
            for cell in stream.cells(of: group, read, isUpward: false) {
              places["\(cell.tile) \(cell.columns)", default: 0] += 1
              area += cell.rows.count * cell.columns.count
              #expect(read.clamped(to: cell.columns) == cell.columns)
              #expect(stream.rows(of: group).clamped(to: cell.rows) == cell.rows)
            }
          }
        }
      }
      #expect(places.values.allSatisfy { $0 == 1 })
      #expect(area == shape.rows * shape.columns)
    }
  }

  @Test(arguments: shapes) func theOrderWithinATileIsCanonical(
    rows: Int, columns: Int, width: Int
  ) {
    let grid = MatrixGrid(rows: rows, columns: columns, width: width, ranks: 2)
    func order(_ tiles: Int, _ columns: Int) -> [Int: [String]] {
      let stream = BlockStream(
        grid: grid, rank: 0, tilesPerGroup: tiles, columnsPerRead: columns)
      var order: [Int: [String]] = [:]
      for group in stream.groups {
        for read in stream.reads {
          for cell in stream.cells(of: group, read, isUpward: false) {
            order[cell.tile, default: []].append(
              "\(cell.localPanel) \(cell.columns) \(cell.isFirst) \(cell.isLast)")
          }
        }
      }
      return order
    }
    let reference = order(1, 256)
    for (tiles, columns) in [(1, 1 << 20), (2, 300), (1000, 256), (7, 4096)] {
      #expect(order(tiles, columns) == reference)
    }
  }

  @Test(arguments: shapes, [BlockAxis.columns, .rows])
  func thePlanStaysWithinTheMemory(
    shape: (rows: Int, columns: Int, width: Int), axis: BlockAxis
  ) {
    let (n, d, m) = shape
    for ranks in [1, 5] {
      let grid = MatrixGrid(rows: n, columns: d, width: m, ranks: ranks)
      let tile = min(grid.tiles.blockSize, n)
      for chunk in [nil, [1, d], [n, 1], [128, 128]] as [[Int]?] {
        for mebibytes in [33, 34, 36, 40, 48, 64, 100, 300, 1000, 4000] {
          guard
            let plan = try? MemoryPlan(
              grid: grid, width: m, sketchWidth: 2 * m, keepsBothSides: ranks == 5, axis: axis,
              chunk: chunk, keepsTiles: true, limit: mebibytes << 20)
          else { continue }
          let stream = BlockStream(
            grid: grid, rank: 0, tilesPerGroup: plan.tilesPerGroup,
            columnsPerRead: plan.columnsPerRead)
          let widest = stream.reads.map(\.count).max() ?? 0
          let inFlight = plan.tilesPerGroup * tile * (20 * m + 4 * widest)
          #expect(
            plan.resident + inFlight <= mebibytes << 20,
            "\(mebibytes) MiB, chunk \(chunk ?? []): \(plan), \(widest) columns")
        }
      }
    }
  }

  @Test func tooLittleMemoryIsRefusedWithTheNumbers() throws {
    let grid = MatrixGrid(rows: 3000, columns: 2500, width: 125, ranks: 1)
    let error = try #require(throws: PlanError.self) {
      try MemoryPlan(
        grid: grid, width: 125, sketchWidth: 125, keepsBothSides: false, axis: .columns, chunk: nil,
        keepsTiles: true, limit: 40 << 20)
    }
    let least = try #require(error.description.firstMatch(of: /at least (\d+) MiB/)?.1)
    // What it asks for is enough, and a little less is not.
    let enough = (Int(least) ?? 0) << 20
    #expect(throws: Never.self) {
      try MemoryPlan(
        grid: grid, width: 125, sketchWidth: 125, keepsBothSides: false, axis: .columns, chunk: nil,
        keepsTiles: true, limit: enough)
    }
    #expect(throws: PlanError.self) {
      try MemoryPlan(
        grid: grid, width: 125, sketchWidth: 125, keepsBothSides: false, axis: .columns, chunk: nil,
        keepsTiles: true, limit: enough - (1 << 20))
    }
  }
}
