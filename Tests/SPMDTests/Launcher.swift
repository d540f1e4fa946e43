// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Starts the tests of ``SPMD`` on 1, 2, 3 and 7 ranks. This process itself never calls MPI: after
/// a start without `mpirun` it could not start `mpirun` any more.
@Suite(.serialized, .disabled(if: Job.isRunning, "this process is a rank already"))
struct Launcher {
  @Test(arguments: [1, 2, 3, 7]) func allTestsPass(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let notes = folder.url("digests")
    try Data().write(to: notes)
    let finished = try mpirun(
      ranks: ranks, CommandLine.arguments[0],
      ["--testing-library", "swift-testing", "--no-parallel", "--filter", #"SPMDTests\.SPMD/"#],
      timeout: 100, environment: ["LPLR_TEST_FOLDER": folder.path.path])
    #expect(finished.status == 0, "\(finished.account)")

    let digests = try Digests(String(contentsOf: notes, encoding: .utf8))
    #expect(digests.count >= 10, "the tests noted too few results to compare")
    let first = Digests.first.withLock { first in
      first = first ?? digests
      return first
    }
    #expect(digests == first, "results differ from those on another number of ranks")
  }
}

/// Names and digests of results that must be the same for any number of ranks.
private struct Digests: Equatable, Sendable {
  /// Those of the first run.
  static let first = Locked<Digests?>(nil)

  private let lines: [String]
  var count: Int { lines.count }

  init(_ text: String) { lines = text.split(separator: "\n").map(String.init) }
}

/// A value that one thread at a time may use.
private final class Locked<Value>: @unchecked Sendable {
  // Unchecked because the compiler does not know that the lock guards the value.
  private var value: Value
  private let lock = NSLock()

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}
