// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist info FACTORS`.
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is in a factor file, without MPI.",
      discussion: """
        EXAMPLES
          lplr-dist info data.lplr.h5
          lplr-dist info data.lplr.h5 --json
        """)

    @Argument(help: "The factor file.")
    var factors: String

    @Flag(help: "Print JSON, with stable keys.")
    var json = false

    func run() {
      prepareLibraries()
      do {
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
