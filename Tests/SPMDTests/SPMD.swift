// SPDX-License-Identifier: Apache-2.0

import CMPI
import Foundation
import LPLR
import MessagePassing
import Testing

/// The root of all tests that run on every rank of a job; ``Launcher`` starts them.
///
/// Serialized, so that all ranks make the same collective calls in the same order. A test must not
/// leave early on one rank alone: `#expect` in the middle, `#require` only on what all ranks share.
@Suite(.serialized, .enabled(if: Job.isRunning, "only on the ranks of a job"))
struct SPMD {}

/// The job that this process is a rank of.
enum Job {
  /// True on a rank, false in the process of `swift test`.
  static let isRunning = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_RANK"] != nil

  /// The ranks of the job; MPI is started at the first use and finalized at exit.
  // Unsafe only for the compiler: a communicator is a handle that no one changes, and the tests
  // that use it are serialized.
  nonisolated(unsafe) static let world: Communicator = {
    prepareLibraries()
    var provided: Int32 = 0
    // Tests run on any thread, one at a time.
    MPI_Init_thread(nil, nil, Int32(MPI_THREAD_SERIALIZED), &provided)
    atexit { MPI_Finalize() }
    // Without a communicator there is no test to run on this rank, and no one to throw to.
    do { return try Communicator.world() } catch { fatalError("\(error)") }
  }()

  /// A folder that all ranks see, which the launcher removes.
  static var folder: String {
    ProcessInfo.processInfo.environment["LPLR_TEST_FOLDER"] ?? "."
  }

  /// Notes a digest under a name, for the launcher to compare between numbers of ranks.
  static func note(_ name: String, _ digest: UInt64) throws {
    guard world.isRoot else { return }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/digests"))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data("\(name) \(String(digest, radix: 16))\n".utf8))
  }
}
