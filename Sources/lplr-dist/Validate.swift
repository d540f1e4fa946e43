// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CLinux
internal import Foundation
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist validate`: what ``ValidatingChild`` runs. Not a command of the user.
  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look at an input file and end; say what is wrong with it.", shouldDisplay: false)

    @Option(help: "A file with a matrix.")
    var matrix: String?

    @Option(help: "The path of the matrix in the file (default: as for the factors, if given).")
    var dataset: String?

    @Option(help: "A factor file.")
    var factors: String?

    func run() {
      Self.limitItself()
      prepareLibraries()
      do {
        let group = try factors.map(Validation.checkFactors)
        if let matrix { try Validation.checkMatrix(matrix, dataset: dataset ?? group) }
      } catch {
        print(error)
        Validate.exit(
          withError: ExitCode((error as? any JobError)?.exitStatus ?? ExitStatus.internalError))
      }
    }

    /// A damaged file can make the library loop or ask for any amount of memory; and signals that end the
    /// job do not reach this process.
    private static func limitItself() {
      _ = lplr_end_with_parent()
      alarm(ValidatingChild.secondsAllowed)
      let most = rlim_t(mapped + (4 << 30))
      var memory = rlimit(rlim_cur: most, rlim_max: most)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &memory)
      var noCoreFile = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCoreFile)
    }

    /// The bytes of address space that program and libraries take by themselves: terabytes, in a build
    /// with a sanitizer.
    private static var mapped: Int {
      let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))
        .flatMap { Int($0.prefix { $0 != " " }) }
      return (pages ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
  }
}
