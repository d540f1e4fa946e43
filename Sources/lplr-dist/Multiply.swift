// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist multiply FACTORS X`.
  struct Multiply: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Multiply a matrix by the compressed one, from its factors.",
      discussion: """
        Writes Y = A X, with A = left right^T (n x d) as the factors have it and X
        (d x k), as float32 under the path of X. A is never rebuilt: for a few columns,
        that takes little longer than to read the factors. Y has the same bytes for any
        number of ranks.

        EXAMPLES
          mpirun -n 4 lplr-dist multiply data.lplr.h5 x.h5 -o y.h5
          lplr-dist multiply data.lplr.h5 batch.h5 --dataset /queries/3 -o answers.h5
          mpirun -n 4 lplr-dist multiply data.lplr.h5 x.h5 -o z.h5 --transpose
        """)

    @Argument(help: "The factor file.")
    var factors: String

    @Argument(help: "The HDF5 file with the matrix X: a row for each column of A, or of A^T.")
    var input: String

    @Option(name: .shortAndLong, help: "The file for the product.")
    var output: String

    @Option(help: "The path of X in its file (default: the only 2-D numeric dataset).")
    var dataset: String?

    @Flag(help: "Multiply by A^T: X has a row for each row of A.")
    var transpose = false

    @Flag(help: "Replace the output if it exists.")
    var force = false

    @Flag(name: .shortAndLong, help: "Print no summary.")
    var quiet = false

    func run() {
      let target = output.absolutePath
      let children = [
        ValidatingChild(matrix: nil, factors: factors.absolutePath),
        ValidatingChild(matrix: input.absolutePath, dataset: dataset),
      ]
      LPLRDist.session { world in
        for child in children { try child.finish(on: world) }
        let report = try Multiplier(transposed: transpose).multiply(
          factors.absolutePath, by: input.absolutePath, dataset: dataset, to: target,
          replacing: force, on: world)
        return quiet
          ? nil
          : """
          wrote           \(target):\(report.dataset)
          matrix          \(report.shape.rows) x \(report.shape.columns), float32
          rank            \(report.rank)
          seconds         \(report.times.text)
          """
      }
    }
  }
}
