// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Where this rank is, for messages, and whether it moves, for the watchdog.
///
/// Any thread may read it; the cost of a move is that of a lock that nobody else wants.
package enum Progress {
  private struct Place {
    var stage = ""
    var part = ""
  }

  private static let place = Mutex(Place())
  private static let moves = Atomic<Int>(0)

  /// Begins a stage (reading, computing, ...), counts a move and returns the stage before.
  @discardableResult
  package static func enter(_ stage: String) -> String {
    moves.add(1, ordering: .relaxed)
    return place.withLock { place in
      let before = place.stage
      place.stage = stage
      return before
    }
  }

  /// Begins a part of the work (a group of tiles of a read) and counts a move.
  package static func begin(part: String) {
    moves.add(1, ordering: .relaxed)
    place.withLock { $0.part = part }
  }

  /// The number of moves so far.
  static var count: Int { moves.load(ordering: .relaxed) }

  /// Stage and part in words; empty before the work begins.
  package static var description: String {
    place.withLock { place in
      [place.stage, place.part].filter { !$0.isEmpty }.joined(separator: ", ")
    }
  }
}
