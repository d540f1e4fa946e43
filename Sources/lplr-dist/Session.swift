// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import LPLR
internal import MessagePassing
internal import ParallelHDF5

extension LPLRDist {
  /// Starts MPI, does `body` on every rank, prints what it returns on the root, and ends the process with
  /// the status of its outcome.
  static func session(_ body: (Communicator) throws -> String?) -> Never {
    prepareLibraries()
    MPISession.run(program: commandName) { world in
      let text = try body(world)
      try world.agreeOnRoot { if let text { try say(text) } }
    }
  }

  /// The same with progress on standard error, from the root, which is off the screen before the result.
  static func session(
    _ level: LogLevel, _ body: (Communicator, RunProgress?) throws -> String?
  ) -> Never {
    session { world in
      if level >= .info, Terminal.isStandardError { MPISession.beginLines(with: Terminal.eraser) }
      let progress = world.isRoot && level >= .info ? RunProgress() : nil
      let line = progress.map { ProgressLine($0, level: level) }
      defer { line?.stop() }
      return try body(world, progress)
    }
  }

  /// Prints a result, and a new line. Throws `OutputError` if standard output does not take it: a result
  /// that was cut is no success.
  static func say(_ text: String) throws {
    guard TextStream.write(text + "\n", to: STDOUT_FILENO) else {
      throw OutputError.system("writing", "standard output")
    }
  }

  /// Does `body` without MPI and ends the process: status 0, or one line and the status of the error.
  static func serially(_ body: () throws -> Void) {
    prepareLibraries()
    do { try body() } catch {
      MPISession.complain("\(commandName): \(error)")
      exit(
        withError: ExitCode((error as? any JobError)?.exitStatus ?? ExitStatus.internalError))
    }
  }
}
