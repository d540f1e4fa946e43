// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist verify FACTORS INPUT`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure the exact error of factors by reading the matrix once.",
      discussion: """
        Prints the relative Frobenius error of each column block and of the whole.

        EXAMPLES
          mpirun -n 4 lplr-dist verify data.lplr.h5 data.h5
          lplr-dist verify data.lplr.h5 moved.h5 --dataset /elsewhere
        """)

    @Argument(help: "The factor file.")
    var factors: String

    @Argument(help: "The HDF5 file with the matrix.")
    var input: String

    @Option(help: "The path of the matrix in the file (default: the one it had).")
    var dataset: String?

    @Option(help: "Memory of a rank for tiles (default: 256M).")
    var memory: ByteCount?

    @Option(help: "What goes to standard error: error, warning, info (progress) or debug.")
    var logLevel = LogLevel.info

    func run() {
      let child = ValidatingChild(
        matrix: input.absolutePath, dataset: dataset, factors: factors.absolutePath)
      LPLRDist.session(logLevel) { world, progress in
        try child.finish(on: world)
        return try Verifier(memory: memory?.bytes, on: world, progress: progress)
          .verify(factors.absolutePath, against: input.absolutePath, dataset: dataset).text
      }
    }
  }
}
