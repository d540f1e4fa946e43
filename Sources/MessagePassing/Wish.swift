// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// What a rank wants of the job at the next boundary; the strongest wish of any rank is granted (see
/// ``Communicator/agree(wishing:_:)``).
package enum Wish: Int, Comparable, Sendable {
  case none
  /// A checkpoint.
  case save
  /// A checkpoint, and the end of the job.
  case end

  package static func < (a: Wish, b: Wish) -> Bool { a.rawValue < b.rawValue }

  /// ``end`` after a signal that asks for it, otherwise ``none``.
  package static var ofSignals: Wish { Signals.endIsWanted ? .end : .none }
}

/// The signals that a job answers: USR1 and USR2 ask it to save and end, TERM and INT to stop at
/// once. Handlers only set a flag.
enum Signals {
  private static let wish = Atomic<Bool>(false)
  private static let stopping = Atomic<Int32>(0)

  static var endIsWanted: Bool { wish.load(ordering: .relaxed) }

  /// The signal that stops the job, or nil.
  static var stopSignal: Int32? {
    let number = stopping.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Replaces the default actions, which kill. After `MPI_Init`, before any thread of ours.
  static func install() {
    // A handler must not be the first to touch them: they may be made at the first use.
    _ = (endIsWanted, stopSignal)
    for number in [SIGUSR1, SIGUSR2] {
      handle(number) { _ in Signals.wish.store(true, ordering: .relaxed) }
    }
    for number in [SIGTERM, SIGINT] {
      handle(number) { Signals.stopping.store($0, ordering: .relaxed) }
    }
    unblock([SIGUSR1, SIGUSR2, SIGTERM, SIGINT])
  }

  /// A launcher's own mask may have been inherited.
  private static func unblock(_ numbers: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    // Reads and writes go on after a handler; those of others need not know of it.
    action.sa_flags = Int32(SA_RESTART)
    sigemptyset(&action.sa_mask)
    sigaction(number, &action, nil)
  }
}
