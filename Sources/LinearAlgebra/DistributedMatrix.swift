// SPDX-License-Identifier: Apache-2.0

internal import CScaLAPACK
internal import MessagePassing

/// The ranks of a communicator as a grid of processes (BLACS), freed at the end of its scope.
final class ProcessGrid {
  let context: Int32
  let rows: Int
  let columns: Int
  private(set) var row = 0
  private(set) var column = 0

  /// Collective. Every rank has a place: rows times columns is the number of ranks.
  init(rows: Int, columns: Int, on world: Communicator) {
    precondition(rows * columns == world.size)
    var context = lplr_blacs_handle(world.fortranHandle)
    Cblacs_gridinit(&context, "Row", Int32(rows), Int32(columns))
    var (r, c, myRow, myColumn) = (Int32(0), Int32(0), Int32(0), Int32(0))
    Cblacs_gridinfo(context, &r, &c, &myRow, &myColumn)
    self.context = context
    self.rows = rows
    self.columns = columns
    row = Int(myRow)
    column = Int(myColumn)
  }

  deinit { Cblacs_gridexit(context) }

  /// As square as the number of ranks allows.
  static func square(on world: Communicator) -> ProcessGrid {
    let rows = (1...world.size).last { $0 * $0 <= world.size && world.size % $0 == 0 } ?? 1
    return ProcessGrid(rows: rows, columns: world.size / rows, on: world)
  }
}

/// A double-precision matrix in ScaLAPACK's block-cyclic layout: the part of this rank, by columns.
final class DistributedMatrix {
  let grid: ProcessGrid
  let rows: Int
  let columns: Int
  /// Rows and columns of this rank's part.
  let localRows: Int
  let localColumns: Int
  /// `max(localRows, 1)` numbers a column.
  var elements: [Double]
  let descriptor: [Int32]

  /// Zeros. Throws ``LinearAlgebraError`` if a dimension or the local part does not fit into the
  /// 32-bit integers of ScaLAPACK.
  init(
    rows: Int, columns: Int, blocks: (rows: Int, columns: Int), on grid: ProcessGrid
  ) throws(LinearAlgebraError) {
    let limit = Int(Int32.max)
    guard rows <= limit, columns <= limit, blocks.rows <= limit, blocks.columns <= limit else {
      throw LinearAlgebraError(
        routine: "ScaLAPACK's 32-bit index", info: -1, shape: (rows, columns))
    }
    self.grid = grid
    self.rows = rows
    self.columns = columns
    localRows = Self.share(rows, blocks.rows, grid.row, grid.rows)
    localColumns = Self.share(columns, blocks.columns, grid.column, grid.columns)
    guard localRows * localColumns <= limit else {
      throw LinearAlgebraError(
        routine: "ScaLAPACK's 32-bit local part", info: -1, shape: (localRows, localColumns))
    }
    elements = [Double](repeating: 0, count: max(1, localRows * localColumns))
    var descriptor = [Int32](repeating: 0, count: 9)
    var info: Int32 = 0
    descinit_(
      &descriptor, [Int32(rows)], [Int32(columns)], [Int32(blocks.rows)], [Int32(blocks.columns)],
      [0], [0], [grid.context], [Int32(max(1, localRows))], &info)
    try LinearAlgebraError.check(info, "descinit", rows: rows, columns: columns)
    self.descriptor = descriptor
  }

  private static func share(_ extent: Int, _ block: Int, _ process: Int, _ processes: Int) -> Int {
    Int(numroc_([Int32(extent)], [Int32(block)], [Int32(process)], [0], [Int32(processes)]))
  }

  /// Copies the leading rows and columns to a matrix of that shape in another layout (`pdgemr2d`).
  /// Collective over `everyone`, a grid of all ranks.
  func copyLeading(to other: DistributedMatrix, through everyone: ProcessGrid) {
    Cpdgemr2d(
      Int32(other.rows), Int32(other.columns), elements, 1, 1, descriptor, &other.elements, 1, 1,
      other.descriptor, everyone.context)
  }
}
