// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR

extension LPLRDist {
  /// `lplr-dist info FACTORS`, or a directory of checkpoints.
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is in a factor file or a directory of checkpoints, without MPI.",
      discussion: """
        EXAMPLES
          lplr-dist info data.lplr.h5
          lplr-dist info data.lplr.h5 --json
          lplr-dist info data.lplr.h5 --check
          lplr-dist info .data.lplr.h5.checkpoint
        """)

    @Argument(help: "The factor file, or the directory of checkpoints.")
    var factors: String

    @Flag(help: "Print JSON, with stable keys (factors only).")
    var json = false

    @Flag(help: "Read all codes too, and compare them with their checksums.")
    var check = false

    func run() {
      LPLRDist.serially {
        if factors.isDirectory {
          let folder = CheckpointFolder(factors.absolutePath)
          return try LPLRDist.say(try CheckpointDescription(of: folder).text)
        }
        let reader = try FactorReader(path: factors.absolutePath)
        if check { try reader.checkCodes() }
        let description = FactorDescription(of: reader)
        try LPLRDist.say(json ? try description.json() : description.text)
        if check, !json {
          try LPLRDist.say(
            "checksums       \(reader.areCodesChecked ? "all match" : "none of the codes")")
        }
      }
    }
  }
}
