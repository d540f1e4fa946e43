// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// One read of A after another: the only loop over the matrix.
///
/// A rank reads ahead of its computation, all ranks stay within a group of tiles of one another, and
/// whatever fails on one rank fails on all of them at the end of the group.
struct Sweep {
  let tiles: TileReader
  let world: Communicator
  let clock: StageClock

  var stream: BlockStream { tiles.stream }

  /// A rectangle of A in memory.
  struct Block {
    /// A[rows, columns].
    let a: MatrixView<Float>
    /// Whole tiles.
    let group: Range<Int>
    let rows: Range<Int>
    let columns: Range<Int>

    /// A tile by a strip of it.
    func view(of cell: BlockStream.Cell) -> MatrixView<Float> {
      a.block(
        rows: cell.rows.shifted(by: -rows.lowerBound),
        columns: cell.columns.shifted(by: -columns.lowerBound))
    }
  }

  /// Reads this rank's column block once. Collective.
  ///
  /// - Parameters:
  ///   - prepare: called by all ranks together before each group of tiles; may communicate.
  ///   - finish: the same after each group.
  ///   - compute: called for each block of the group, from left to right; must not communicate.
  func run(
    prepare: (_ group: Range<Int>) throws -> Void = { _ in },
    finish: (_ group: Range<Int>) throws -> Void = { _ in },
    compute: (Block) throws -> Void
  ) throws {
    let reads = stream.reads
    let input = tiles.input
    clock.enterRead(ofBytes: input.byteCount)
    defer { clock.enter(.solving) }
    var rowsDone = 0.0
    try tiles.pass { pass in
      for group in pass.groups {
        try clock.measure(.communicating) { try prepare(group) }
        let rows = Double(stream.rows(of: group).count)
        var end = clock.now
        try world.agree {
          for (number, columns) in reads.enumerated() {
            let a = try clock.measure(.reading) { try pass.next() }
            try clock.measure(.computing) {
              try compute(
                Block(a: a, group: group, rows: stream.rows(of: group), columns: columns))
            }
            let part = rows * Double(number + 1) / Double(reads.count)
            clock.advance(to: (rowsDone + part) / Double(input.rows))
          }
          end = clock.now
        }
        clock.book(.waiting, since: end)
        rowsDone += rows
        clock.advance(to: rowsDone / Double(input.rows))
        try clock.measure(.communicating) { try finish(group) }
      }
    }
  }
}

extension Range<Int> {
  /// The range with both ends moved.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
