// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// What a rank spends its time on.
package enum Stage: Int, CaseIterable, Sendable {
  /// Waiting for the reader thread.
  case reading
  case computing, communicating, writing
  /// Waiting for the other ranks at the end of a group of tiles.
  case waiting
}

/// Adds up the seconds of each stage on one rank, by phase, and says how far the run is.
package final class StageClock {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let progress: RunProgress?
  private var spans = [Span(phase: .opening, start: 0, end: 0, seconds: StageClock.none)]
  private var reads = 0

  private static var none: [Double] { [Double](repeating: 0, count: Stage.allCases.count) }

  package init(_ progress: RunProgress? = nil) {
    start = clock.now
    self.progress = progress
  }

  /// Seconds since the clock was started.
  var now: Double { (clock.now - start).inSeconds }

  /// Does something and books its time.
  func measure<Result: ~Copyable>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
    let begin = now
    let before = Progress.enter("\(stage)")
    defer {
      book(stage, since: begin)
      Progress.enter(before)
    }
    return try body()
  }

  func book(_ stage: Stage, since begin: Double) {
    spans[spans.count - 1].seconds[stage.rawValue] += now - begin
  }

  // MARK: Phases

  /// Ends the phase in hand and begins another one.
  func enter(_ phase: Phase, bytes: Int = 0) {
    spans[spans.count - 1].end = now
    spans.append(Span(phase: phase, start: now, end: now, seconds: Self.none))
    progress?.enter(phase, bytes: bytes)
  }

  /// Begins the next read of A, all of whose bytes are given.
  func enterRead(ofBytes bytes: Int) {
    reads += 1
    enter(.reading(reads), bytes: bytes)
  }

  /// What is done of the phase in hand, from 0 to 1.
  func advance(to fraction: Double) { progress?.advance(to: fraction) }

  // MARK: Results

  /// The phases of all ranks, on the root. Ends the phase in hand. Collective.
  func timeline(on world: Communicator) throws -> Timeline {
    spans[spans.count - 1].end = now
    return try Timeline(spans, on: world)
  }

  /// The times of all ranks, on every rank. Collective.
  package func summary(on world: Communicator) throws -> StageTimes {
    let total = now
    progress?.end()
    let seconds = Stage.allCases.map { stage in
      spans.reduce(0.0) { $0 + $1.seconds[stage.rawValue] }
    }
    // The slowest rank is the one that waits least for the others.
    var table = [Double](repeating: 0, count: world.size)
    table[world.rank] =
      total - seconds[Stage.communicating.rawValue] - seconds[Stage.waiting.rawValue]
    try world.allReduce(&table, .max)
    let slowest = table.indices.max { table[$0] < table[$1] } ?? 0
    var longest = seconds + [total]
    try world.allReduce(&longest, .max)
    return StageTimes(
      reading: longest[0], computing: longest[1], communicating: longest[2], writing: longest[3],
      waiting: longest[4], total: longest[5], slowestRank: slowest)
  }
}

/// Seconds of each stage, on the rank that spent most on it.
package struct StageTimes: Sendable {
  package let reading: Double
  package let computing: Double
  package let communicating: Double
  package let writing: Double
  package let waiting: Double
  package let total: Double
  /// The rank that worked longest, apart from waiting for others.
  package let slowestRank: Int
}
