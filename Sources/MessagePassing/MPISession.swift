// SPDX-License-Identifier: Apache-2.0

internal import CMPI
internal import Foundation
internal import Synchronization

/// The time between `MPI_Init_thread` and `MPI_Finalize`, as a scope.
///
/// MPI is finalized by the end of the scope and never by a `deinit` or at exit: a rank that
/// unwinds would wait in a collective call that the other ranks never make.
package enum MPISession {
  /// Runs `body` on every rank and ends the process.
  ///
  /// - `body` returns: MPI is finalized, the status is 0.
  /// - `body` throws ``AgreedFailure`` or ``PeerFailure``, which all ranks do together (see
  ///   ``Communicator/agree(_:)``): one rank prints one line, MPI is finalized and every rank
  ///   exits with the same status.
  /// - `body` throws anything else: the other ranks may be waiting for this one, so it prints one
  ///   line and calls `MPI_Abort` with the status of the error.
  package static func run(program: String, _ body: (Communicator) throws -> Void) -> Never {
    self.program.withLock { $0 = program }
    var provided: Int32 = 0
    let code = MPI_Init_thread(nil, nil, lplr_mpi_thread_funneled(), &provided)
    guard code == MPI_SUCCESS else {
      report("MPI_Init_thread failed with code \(code)")
      exit(ExitStatus.internalError)
    }
    var world: Communicator?
    do {
      let ranks = try Communicator.world()
      world = ranks
      try body(ranks)
    } catch let failure as AgreedFailure {
      report("\(failure)\(place(of: failure.exitStatus, world))")
      finalize(status: failure.exitStatus)
    } catch let failure as PeerFailure {
      finalize(status: failure.exitStatus)
    } catch {
      let status = AgreedFailure.status(of: error)
      report("\(error)\(place(of: status, world))")
      MPI_Abort(lplr_mpi_comm_world(), status)
    }
    finalize(status: 0)
  }

  /// The rank and its stage behind the words of an error, once the work has begun.
  private static func place(of status: Int32, _ world: Communicator?) -> String {
    let place = Progress.description
    // A wrong command line and a wanted end are matters of no rank.
    guard let world, !place.isEmpty, status != ExitStatus.usage, status != ExitStatus.later else {
      return ""
    }
    return " (rank \(world.rank) of \(world.size), \(place))"
  }

  private static let program = Mutex("")

  /// Writes one line that begins with the name of the program to standard error.
  package static func report(_ text: String) { complain("\(program.withLock { $0 }): \(text)") }

  private static let eraser = Mutex("")

  /// Lines begin with this from now on: what takes a line of progress off a terminal, which may stand
  /// there when any rank has something to say.
  package static func beginLines(with eraser: String) { self.eraser.withLock { $0 = eraser } }

  /// Writes one line to standard error, in one call so that lines of ranks do not mix.
  package static func complain(_ line: String) {
    TextStream.complain(eraser.withLock { $0 } + line + "\n")
  }

  private static func finalize(status: Int32) -> Never {
    Watch.remember(status: status)
    // mpirun kills the job at the first non-zero exit; wait until the line above is out.
    MPI_Barrier(lplr_mpi_comm_world())
    MPI_Finalize()
    exit(status)
  }
}
