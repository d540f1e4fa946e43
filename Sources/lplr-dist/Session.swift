// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// Starts MPI, does `body` on every rank and ends the process with the status of its outcome.
  static func session(_ body: (Communicator) throws -> Void) -> Never {
    prepareLibraries()
    MPISession.run(program: commandName, body)
  }

  /// The same with progress on standard error, from the root; what `body` returns there is printed
  /// when the progress is off the screen.
  static func session(
    _ level: LogLevel, _ body: (Communicator, RunProgress?) throws -> String?
  ) -> Never {
    session { world in
      if level >= .info, Terminal.isStandardError { MPISession.beginLines(with: Terminal.eraser) }
      let progress = world.isRoot && level >= .info ? RunProgress() : nil
      let line = progress.map { ProgressLine($0, level: level) }
      defer { line?.stop() }
      let text = try body(world, progress)
      line?.stop()
      if world.isRoot, let text { print(text) }
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
