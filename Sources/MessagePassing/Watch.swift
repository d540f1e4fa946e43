// SPDX-License-Identifier: Apache-2.0

internal import CMPI
internal import Foundation
internal import Synchronization

/// A thread of each rank that ends the job when the main thread cannot: it may be in a product, a
/// read or a collective call.
///
/// - TERM or INT: the root says in one line how to go on, the unfinished output is removed, and every
///   rank that has the signal ends; `mpirun` ends the others. If the unfinished output is gone already,
///   a rank has failed, has said so, and `mpirun` sends the signal: the root is silent.
/// - Nothing has moved on this rank for the stall time: the rank says where it is, and the job ends
///   with status 74. A rank that hangs itself, or is stopped, says nothing and is so told apart.
package enum Watch {
  private struct Scene {
    var temporary: String?
    var leftovers: Set<String> = []
    var farewell = ""
    /// The status of a job that is ending by itself.
    var status: Int32?
  }

  private static let scene = Mutex(Scene())

  /// A file to be removed when the job is stopped; nil when it is in its place.
  package static func remember(temporary path: String?) { scene.withLock { $0.temporary = path } }

  /// Another file to be removed then: a lock, or one that was not finished.
  package static func removeWhenStopped(_ path: String) {
    scene.withLock { _ = $0.leftovers.insert(path) }
  }

  /// The file is gone, or has become what others may need.
  package static func keepWhenStopped(_ path: String) {
    scene.withLock { _ = $0.leftovers.remove(path) }
  }

  /// What the user should know when the job is stopped: how to go on.
  package static func remember(farewell text: String) { scene.withLock { $0.farewell = text } }

  /// The job has said all it has to say and ends with this status, whatever comes.
  static func remember(status: Int32) { scene.withLock { $0.status = status } }

  /// Answers signals, and a stall of so many seconds, from now on.
  package static func begin(stallTimeout: Double?, on world: Communicator) {
    Signals.install()
    let (rank, ranks) = (world.rank, world.size)
    let thread = Thread { watch(stallTimeout, rank: rank, of: ranks) }
    thread.stackSize = 1 << 20
    thread.start()
  }

  private static func watch(_ stallTimeout: Double?, rank: Int, of ranks: Int) {
    let clock = ContinuousClock()
    var last = (moves: Progress.count, time: clock.now)
    var woken = clock.now
    while true {
      usleep(50_000)
      // A rank that was stopped itself, and goes on now, is no judge of the others.
      if clock.now - woken > .seconds(1) { last.time = clock.now }
      woken = clock.now
      if let number = Signals.stopSignal { stop(by: number, rank: rank, of: ranks) }
      let moves = Progress.count
      if moves != last.moves { last = (moves, clock.now) }
      if let stallTimeout, scene.withLock({ $0.status }) == nil,
        clock.now - last.time > .seconds(stallTimeout)
      {
        end(stalledFor: stallTimeout, rank: rank)
      }
    }
  }

  private static func stop(by number: Int32, rank: Int, of ranks: Int) -> Never {
    let scene = scene.withLock { $0 }
    // mpirun stops the others as soon as one rank has ended with another status than 0.
    if let status = scene.status { _exit(status) }
    if rank == 0 {
      let isBegun = scene.temporary.map { access($0, F_OK) == 0 } ?? false
      removeFiles(of: scene)
      if isBegun || ranks == 1 {
        MPISession.report(
          "stopped by \(number == SIGINT ? "SIGINT" : "SIGTERM")"
            + (isBegun ? "; nothing was written\(scene.farewell)" : ""))
      }
    } else {
      // The first end of a rank makes mpirun kill the others: let the root speak.
      usleep(300_000)
    }
    // Not exit(): what runs at exit may wait for other ranks.
    _exit(128 + number)
  }

  private static func removeFiles(of scene: Scene) {
    if let path = scene.temporary { unlink(path) }
    for path in scene.leftovers { unlink(path) }
  }

  private static func end(stalledFor seconds: Double, rank: Int) -> Never {
    let scene = scene.withLock { $0 }
    if rank == 0 { removeFiles(of: scene) }
    let place = Progress.description
    MPISession.report(
      "rank \(rank): nothing has moved for \(Int(seconds)) s (\(place.isEmpty ? "starting" : place)); "
        + "a rank without such a line hangs itself\(rank == 0 ? scene.farewell : "")")
    // All ranks notice within a moment of one another; each may say where it is.
    sleep(1)
    // MPI_Abort itself may hang if the launcher does.
    let fallback = Thread {
      sleep(5)
      _exit(ExitStatus.inputOutput)
    }
    fallback.start()
    MPI_Abort(lplr_mpi_comm_world(), ExitStatus.inputOutput)
    _exit(ExitStatus.inputOutput)
  }
}
