// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR

extension LPLRDist {
  /// `lplr-dist report RUN`.
  struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a page of drawings from the report of a compression, without MPI.",
      discussion: """
        The page is one file that needs no other: spectrum, bits, error against size,
        error of the column blocks where it was measured (--certify), and what the
        ranks spent their time on.

        EXAMPLES
          mpirun -n 8 lplr-dist data.h5 --certify --report run.json
          lplr-dist report run.json -o run.html
        """)

    @Argument(
      help: ArgumentHelp(
        "The file that `lplr-dist compress --report` has written.", valueName: "run"))
    var source: String

    @Option(name: .shortAndLong, help: "The page (default: RUN with .html).")
    var output: String?

    @Flag(help: "Replace the output if it exists.")
    var force = false

    @Flag(name: .shortAndLong, help: "Print nothing.")
    var quiet = false

    func validate() throws {
      guard source.absolutePath != outputPath else {
        throw ValidationError("--output: \(outputPath) is the report itself; choose another file")
      }
    }

    func run() {
      LPLRDist.serially {
        let page = ReportPage(try RunReport(reading: source.absolutePath))
        let file = try TextOutput(path: outputPath, replacing: force)
        defer { file.discard() }
        try file.commit(page.html)
        if !quiet { try LPLRDist.say("wrote           \(outputPath)") }
      }
    }

    private var outputPath: String {
      (output ?? source.replacingExtension(with: ".html")).absolutePath
    }
  }
}
