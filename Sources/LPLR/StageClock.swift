// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// What a rank spends its time on.
package enum Stage: Int, CaseIterable, Sendable {
  case reading, computing, communicating, writing
}

/// Adds up the seconds of each stage on one rank.
package final class StageClock {
  private var seconds = [Double](repeating: 0, count: Stage.allCases.count)
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  package init() { start = clock.now }

  /// Does something and books its time.
  func measure<Result: ~Copyable>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
    let begin = clock.now
    let before = Progress.enter("\(stage)")
    defer {
      seconds[stage.rawValue] += (clock.now - begin).inSeconds
      Progress.enter(before)
    }
    return try body()
  }

  /// The times of all ranks, on every rank. Collective.
  package func summary(on world: Communicator) throws -> StageTimes {
    let total = (clock.now - start).inSeconds
    // The slowest rank is the one that waits least for the others.
    var table = [Double](repeating: 0, count: world.size)
    table[world.rank] = total - seconds[Stage.communicating.rawValue]
    try world.allReduce(&table, .max)
    let slowest = table.indices.max { table[$0] < table[$1] } ?? 0
    var longest = seconds + [total]
    try world.allReduce(&longest, .max)
    return StageTimes(
      reading: longest[0], computing: longest[1], communicating: longest[2], writing: longest[3],
      total: longest[4], slowestRank: slowest)
  }
}

/// Seconds of each stage, on the rank that spent most on it.
package struct StageTimes: Sendable {
  package let reading: Double
  package let computing: Double
  package let communicating: Double
  package let writing: Double
  package let total: Double
  /// The rank that worked longest, apart from waiting for others.
  package let slowestRank: Int
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
