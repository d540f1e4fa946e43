// SPDX-License-Identifier: Apache-2.0

internal import CMPI
internal import Foundation

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
    var provided: Int32 = 0
    let code = MPI_Init_thread(nil, nil, lplr_mpi_thread_funneled(), &provided)
    guard code == MPI_SUCCESS else {
      complain("\(program): MPI_Init_thread failed with code \(code)")
      exit(ExitStatus.internalError)
    }
    do {
      try body(try Communicator.world())
    } catch let failure as AgreedFailure {
      complain("\(program): \(failure)")
      finalize(status: failure.exitStatus)
    } catch let failure as PeerFailure {
      finalize(status: failure.exitStatus)
    } catch {
      complain("\(program): \(error)")
      MPI_Abort(lplr_mpi_comm_world(), AgreedFailure.status(of: error))
    }
    finalize(status: 0)
  }

  /// Writes one line to standard error, in one call so that lines of ranks do not mix.
  package static func complain(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  private static func finalize(status: Int32) -> Never {
    // mpirun kills the job at the first non-zero exit; wait until the line above is out.
    MPI_Barrier(lplr_mpi_comm_world())
    MPI_Finalize()
    exit(status)
  }
}
