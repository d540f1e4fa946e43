// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR

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
      LPLRDist.serially {
        let description = try FactorDescription(of: FactorReader(path: factors.absolutePath))
        print(json ? try description.json() : description.text)
      }
    }
  }
}
