// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist info FACTORS`, or a directory of checkpoints.
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is in a factor file or a directory of checkpoints, without MPI.",
      discussion: """
        EXAMPLES
          lplr-dist info data.lplr.h5
          lplr-dist info data.lplr.h5 --json
          lplr-dist info .data.lplr.h5.checkpoint
        """)

    @Argument(help: "The factor file, or the directory of checkpoints.")
    var factors: String

    @Flag(help: "Print JSON, with stable keys.")
    var json = false

    func run() {
      prepareLibraries()
      do {
        if factors.isDirectory {
          let folder = CheckpointFolder(factors.absolutePath)
          return print(try CheckpointDescription(of: folder).text)
        }
        let description = try FactorDescription(of: FactorReader(path: factors.absolutePath))
        print(json ? try description.json() : description.text)
      } catch {
        MPISession.complain("\(LPLRDist.commandName): \(error)")
        Info.exit(
          withError: ExitCode((error as? any JobError)?.exitStatus ?? ExitStatus.internalError))
      }
    }
  }
}
