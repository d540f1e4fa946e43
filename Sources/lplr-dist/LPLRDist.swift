// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import LPLR
internal import MessagePassing

/// The command: parses on every rank, then hands over to a subcommand.
@main
struct LPLRDist: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lplr-dist",
    abstract: "Compress matrices too large for one machine into low-rank, low-precision factors.",
    discussion: """
      Without a subcommand, compresses: `mpirun -n 64 lplr-dist data.h5` writes
      data.lplr.h5.

      EXAMPLES
        mpirun -n 64 lplr-dist data.h5                      to one bit per entry
        mpirun -n 4 lplr-dist data.h5 --rank 64 --bits 4    to this rank and bits
        lplr-dist info data.lplr.h5                         what is in a factor file
        mpirun -n 4 lplr-dist verify data.lplr.h5 data.h5   the exact error
        mpirun -n 4 lplr-dist decompress data.lplr.h5       the matrix again
        lplr-dist multiply data.lplr.h5 x.h5 -o y.h5        a product, from factors
        lplr-dist plan data.h5 --ranks 512                  time and memory ahead

      EXIT STATUS
        0 done, 64 wrong command line, 65 wrong input data, 66 no input,
        70 internal error, 73 output cannot be created, 74 input or output error,
        75 stopped on request: the same command goes on later
      """,
    version: Version.current,
    subcommands: [
      Compress.self, Decompress.self, Info.self, Verify.self, Multiply.self, Generate.self,
      Plan.self,
      Report.self, Validate.self,
    ],
    defaultSubcommand: Compress.self)

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch  where exitCode(for: error) == .success {
      // Help and version: once for the whole job.
      if isFirstRank { exit(withError: error) }
    } catch {
      finish(badUsage: error)
    }
  }

  /// One rank explains what is wrong with the command line, and every rank ends with status 64.
  private static func finish(badUsage error: any Error) -> Never {
    guard isManyRanks else { exit(withError: error) }
    MPISession.run(program: commandName) { world in
      try world.agreeOnRoot { throw UsageError(description: message(for: error)) }
    }
  }

  /// What launchers tell a rank before MPI is started: Open MPI, PMIx, PMI and Slurm.
  static var isFirstRank: Bool {
    let names = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"]
    return names.compactMap { ProcessInfo.processInfo.environment[$0] }.first.map { $0 == "0" }
      ?? true
  }

  private static var isManyRanks: Bool {
    let names = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"]
    return names.compactMap { ProcessInfo.processInfo.environment[$0] }.first.map { $0 != "1" }
      ?? false
  }

  /// The name under which errors are reported.
  static var commandName: String { "lplr-dist" }
}

/// A command line that the parser refused.
struct UsageError: JobError, CustomStringConvertible {
  let description: String
  var exitStatus: Int32 { ExitStatus.usage }
}

extension String {
  /// `data.h5` with another ending: `data.lplr.h5`.
  func replacingExtension(with ending: String) -> String {
    (self as NSString).deletingPathExtension + ending
  }

  /// Parts of libraries take some prefixes of relative names for more than a name.
  var absolutePath: String {
    hasPrefix("/") ? self : FileManager.default.currentDirectoryPath + "/" + self
  }

  /// Whether a directory has this name.
  var isDirectory: Bool {
    var answer: ObjCBool = false
    return FileManager.default.fileExists(atPath: self, isDirectory: &answer) && answer.boolValue
  }
}
