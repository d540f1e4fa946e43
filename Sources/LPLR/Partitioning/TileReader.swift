// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra

/// Reads a rank's column block of A piece by piece, one piece ahead of the computation, and keeps as
/// many pieces in memory as it may for the passes that follow.
///
/// A pass is one sweep over the block; passes go up and down in turn, so that what the page cache
/// of the system still holds is read first; within a group of tiles always from left to right.
/// Pieces are kept from the top of A on, as far as the budget goes. What a pass sees is the same
/// whatever is kept.
final class TileReader {
  let input: InputMatrix
  let stream: BlockStream
  /// Bytes that kept pieces may take.
  private let budget: Int

  private var pieces: [BlockStream.Piece] = []
  private var kept: [Int: TileBuffer] = [:]
  /// The two buffers that the other pieces take turns in.
  private var rotating: [TileBuffer] = []
  private var passes = 0

  init(input: InputMatrix, stream: BlockStream, keeping budget: Int) {
    self.input = input
    self.stream = stream
    self.budget = budget
    pieces = stream.pieces
  }

  /// The pass in progress, for messages.
  var place: String { "read \(passes)" }

  /// Runs one pass, or what is left of it when `done` of its tiles are known. `body` must call
  /// `next()` once for each of the stream's reads in each of ``TilePass/groups``, in their
  /// order; a reader thread is ahead of it by one piece.
  func pass<Result: ~Copyable>(
    after done: Int = 0, _ body: (TilePass) throws -> Result
  ) throws -> Result {
    prepareBuffers()
    let isUpward = passes % 2 == 1
    passes += 1
    let groups = stream.groups(after: done, isUpward: isUpward)
    let reads = stream.reads
    let order = groups.flatMap { group in
      reads.indices.map { (index: group.number * reads.count + $0, tiles: group.tiles) }
    }
    let pass = TilePass(
      input: input, groups: groups.map(\.tiles), isUpward: isUpward,
      work: order.enumerated().map { number, place in
        let whole = pieces[place.index]
        let piece = BlockStream.Piece(rows: stream.rows(of: place.tiles), columns: whole.columns)
        return TilePass.Item(
          piece: piece, buffer: kept[place.index] ?? rotating[number % 2],
          isWhole: piece.rows == whole.rows, isFilled: kept[place.index]?.isFilled ?? false)
      })
    defer { pass.stop() }
    pass.start()
    return try body(pass)
  }

  /// Forgets what was kept, and its memory.
  func release() {
    kept = [:]
    rotating = []
  }

  /// Decides once which pieces are kept, and makes room for them.
  private func prepareBuffers() {
    guard rotating.isEmpty, !pieces.isEmpty else { return }
    var free = budget
    for (index, piece) in pieces.enumerated() {
      free -= piece.byteCount
      guard free >= 0 else { break }
      kept[index] = TileBuffer(byteCount: piece.byteCount)
    }
    let largest = pieces.map(\.byteCount).max() ?? 0
    let others = kept.count < pieces.count ? largest : 0
    rotating = [TileBuffer(byteCount: others), TileBuffer(byteCount: others)]
  }
}

/// One sweep over a rank's column block.
///
/// `@unchecked Sendable` because the reader thread and the computing one share only the counters,
/// under the condition's lock; a buffer belongs to the reader until its item is produced, and to the
/// computation from then until the next call of `next()`.
final class TilePass: @unchecked Sendable {
  /// The groups of tiles in the order of this pass.
  let groups: [Range<Int>]
  /// Whether it goes from the bottom of A to the top.
  let isUpward: Bool

  struct Item {
    let piece: BlockStream.Piece
    let buffer: TileBuffer
    /// Whether it is what the buffer is made for, and not the rest of it after a resume.
    let isWhole: Bool
    /// Whether an earlier pass has left it in memory.
    let isFilled: Bool
  }

  private let input: InputMatrix
  private let work: [Item]
  private let condition = NSCondition()
  private var produced = 0
  private var taken = 0
  private var failure: (any Error)?
  private var isStopped = false
  private var isRunning = false

  init(input: InputMatrix, groups: [Range<Int>], isUpward: Bool, work: [Item]) {
    self.input = input
    self.groups = groups
    self.isUpward = isUpward
    self.work = work
  }

  /// The next piece of A, when it is there; throws what reading it threw.
  func next() throws -> MatrixView<Float> {
    condition.lock()
    defer { condition.unlock() }
    precondition(taken < work.count, "a pass of \(work.count) pieces has no more")
    taken += 1
    condition.broadcast()
    while produced < taken, failure == nil { condition.wait() }
    if produced < taken, let failure { throw failure }
    let item = work[taken - 1]
    return input.view(rows: item.piece.rows, columns: item.piece.columns, of: item.buffer.elements)
  }

  func start() {
    guard !work.isEmpty else { return }
    isRunning = true
    let thread = Thread { [self] in readAll() }
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Ends the reader thread, if the pass was left early, and waits for it.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while isRunning { condition.wait() }
    condition.unlock()
  }

  // MARK: The reader thread

  private func readAll() {
    var expected = 0
    for (number, item) in work.enumerated() {
      guard mayRead(number) else { break }
      do {
        if !item.isFilled {
          expected = expect(after: max(expected, number), from: number)
          _ = try input.read(
            rows: item.piece.rows, columns: item.piece.columns, into: item.buffer.elements)
          item.buffer.isFilled = item.isWhole
        }
      } catch {
        report(error)
        break
      }
      condition.lock()
      produced += 1
      condition.broadcast()
      condition.unlock()
    }
    condition.lock()
    isRunning = false
    condition.broadcast()
    condition.unlock()
  }

  /// Tells the system of pieces that are far enough ahead for a disk to be busy; returns how many are
  /// told. Pieces side by side are one wish: ranks that read them together ask for whole rows.
  private func expect(after told: Int, from number: Int) -> Int {
    var told = told
    var ahead = work[number..<told].reduce(0) { $0 + $1.piece.byteCount }
    while told < work.count, ahead < Self.bytesAhead {
      let first = work[told].piece
      var last = first
      while told < work.count, ahead < Self.bytesAhead, work[told].piece.rows == first.rows {
        last = work[told].piece
        ahead += last.byteCount
        told += 1
      }
      input.expect(
        rows: first.rows,
        columns: first.columns.lowerBound..<last.columns.upperBound)
    }
    return told
  }

  private static let bytesAhead = 128 << 20

  /// Waits until the buffer of an item is free: when the item two before it has been left.
  private func mayRead(_ number: Int) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while number > max(1, taken), !isStopped { condition.wait() }
    return !isStopped
  }

  private func report(_ error: any Error) {
    condition.lock()
    failure = error
    condition.broadcast()
    condition.unlock()
  }
}

/// Memory for a piece of A, not touched before it is read into.
final class TileBuffer {
  let elements: UnsafeMutableBufferPointer<Float>
  /// Whether it holds the piece it was made for; meaningful for kept pieces.
  var isFilled = false

  /// Large buffers are aligned to large pages, which spares page faults.
  init(byteCount: Int) {
    let page = 2 << 20
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, 4), alignment: byteCount >= page ? page : 64)
    if byteCount >= page { madvise(memory, byteCount, MADV_HUGEPAGE) }
    elements = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Float.self, capacity: byteCount / 4), count: byteCount / 4)
  }

  deinit { elements.deallocate() }
}
