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
  /// What the sums of the reads are kept in, if they are.
  var checkpoint: Checkpoint?

  var stream: BlockStream { tiles.stream }

  /// The cells of a block, strip after strip, in the order of the pass.
  func cells(of block: Block) -> [BlockStream.Cell] {
    stream.cells(of: block.group, block.columns, isUpward: block.isUpward)
  }

  /// A rectangle of A in memory.
  struct Block {
    /// A[rows, columns].
    let a: MatrixView<Float>
    /// Whole tiles.
    let group: Range<Int>
    let rows: Range<Int>
    let columns: Range<Int>
    /// Whether the pass goes from the bottom of A to the top.
    let isUpward: Bool

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
  ///   - state: all that `finish` and `compute` add to; a resumed job goes on from what was kept of it.
  ///   - prepare: called by all ranks together before each group of tiles; may communicate.
  ///   - compute: called for each block of the group, from left to right; must not communicate.
  ///   - finish: as `prepare`, after each group.
  func run(
    keeping state: PassState = .nothing,
    prepare: (_ group: Range<Int>) throws -> Void = { _ in },
    compute: (Block) throws -> Void,
    finish: (_ group: Range<Int>) throws -> Void = { _ in }
  ) throws {
    let reads = stream.reads
    let count = stream.grid.tiles.count
    var done = try checkpoint?.begin(state, tiles: count) ?? 0
    let input = tiles.input
    clock.enterRead(ofBytes: input.byteCount)
    defer {
      clock.enter(.solving)
      Progress.begin(part: "after \(tiles.place)")
    }
    var rowsDone = Double(min(done * stream.grid.tiles.blockSize, input.rows))
    try tiles.pass(after: done) { pass in
      for group in pass.groups {
        Progress.begin(part: "\(tiles.place), tile \(group.lowerBound + 1) of \(count)")
        try clock.measure(.communicating) { try prepare(group) }
        let isLast = done + group.count == count
        let rows = Double(stream.rows(of: group).count)
        var end = clock.now
        let (_, wish) = try world.agree(wishing: checkpoint?.wish(atEnd: isLast) ?? .none) {
          for (number, columns) in reads.enumerated() {
            let a = try clock.measure(.reading) { try pass.next() }
            try clock.measure(.computing) {
              try compute(
                Block(
                  a: a, group: group, rows: stream.rows(of: group), columns: columns,
                  isUpward: pass.isUpward))
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
        done += group.count
        try clock.measure(.writing) { try checkpoint?.reached(done, of: count, state, wish) }
      }
    }
  }
}

extension Range<Int> {
  /// The range with both ends moved.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
