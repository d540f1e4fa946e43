// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Where a run stands, as one rank knows it; written by the computation, read by whoever shows it.
///
/// Costs no communication: all ranks stay within one group of tiles of one another, so what one rank
/// has done of its own column block is what all have done of theirs.
///
/// `@unchecked Sendable` because every access to the state is under the lock.
package final class RunProgress: @unchecked Sendable {
  /// The phase in hand.
  package struct State: Sendable {
    package let phase: Phase
    package let start: ContinuousClock.Instant
    /// What is done of it, from 0 to 1; nil if that is not known.
    package var fraction: Double?
    /// Bytes of A that all ranks together go through in it.
    package let bytes: Int
  }

  private let lock = NSLock()
  private var current: State
  private var past: [(state: State, seconds: Double)] = []

  package init() {
    current = State(phase: .opening, start: .now, fraction: nil, bytes: 0)
  }

  package var state: State { lock.withLock { current } }

  /// The phases that have ended since the last call, with their seconds.
  package func takeFinished() -> [(state: State, seconds: Double)] {
    lock.withLock {
      defer { past = [] }
      return past
    }
  }

  func enter(_ phase: Phase, bytes: Int) {
    lock.withLock {
      past.append((current, current.start.duration(to: .now).inSeconds))
      current = State(phase: phase, start: .now, fraction: bytes > 0 ? 0 : nil, bytes: bytes)
    }
  }

  /// The last phase has ended.
  func end() {
    lock.withLock { past.append((current, current.start.duration(to: .now).inSeconds)) }
  }

  func advance(to fraction: Double) {
    lock.withLock { current.fraction = min(1, fraction) }
  }
}

extension Duration {
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension RunProgress.State {
  /// In a few words: what is done, how fast, and what remains of the phase.
  package var text: String { text(after: start.duration(to: .now).inSeconds) }

  func text(after seconds: Double) -> String {
    guard let fraction, bytes > 0, seconds > 0 else {
      return "\(phase.name), \(seconds.clock) so far"
    }
    let rate = fraction * Double(bytes) / seconds
    let left = fraction > 0 ? ", \((seconds * (1 - fraction) / fraction).clock) left of it" : ""
    return "\(phase.name), \(Int(100 * fraction)) %, \(rate.bytes)/s\(left)"
  }

  /// The same when the phase has ended.
  package func report(after seconds: Double) -> String {
    guard bytes > 0, seconds > 0 else { return "\(phase.name) took \(seconds.short) s" }
    return "\(phase.name) took \(seconds.short) s, \((Double(bytes) / seconds).bytes)/s"
  }
}

extension Double {
  /// Seconds as one says them: 12 s, 3 min 20 s, 2 h 5 min.
  var clock: String {
    guard isFinite, self < 1e9 else { return "unknown time" }
    let seconds = Int(rounded())
    if seconds < 100 { return "\(seconds) s" }
    if seconds < 100 * 60 { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(seconds / 3600) h \(seconds / 60 % 60) min"
  }
}
