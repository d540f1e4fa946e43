// SPDX-License-Identifier: Apache-2.0

internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// Runs a subcommand on every rank, with the libraries set up, and ends the process.
  static func session(_ body: (Communicator) throws -> Void) -> Never {
    prepareLibraries()
    MPISession.run(program: commandName, body)
  }
}
