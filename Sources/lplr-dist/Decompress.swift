// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing

extension LPLRDist {
  /// `lplr-dist decompress FACTORS`.
  struct Decompress: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rebuild a matrix, or a part of it, from its factors.",
      discussion: """
        Writes chunked float32 under the dataset's own path. Only the factors of the
        rows and columns asked for are read, and only a few chunks are in memory.

        EXAMPLES
          mpirun -n 4 lplr-dist decompress data.lplr.h5
          lplr-dist decompress data.lplr.h5 --rows 0:1000 --columns 500:600 -o part.h5
          mpirun -n 4 lplr-dist decompress data.lplr.h5 --rank 16 -o coarse.h5
        """)

    @Argument(help: "The factor file.")
    var factors: String

    @Option(
      name: .shortAndLong,
      help: "The file for the matrix (default: FACTORS without .lplr.h5, with .rebuilt.h5).")
    var output: String?

    @Option(help: "Rows a:b, from a to b - 1 (default: all).")
    var rows: IndexRange?

    @Option(help: "Columns a:b, from a to b - 1 (default: all).")
    var columns: IndexRange?

    @Option(help: "Use only the leading components.")
    var rank: Int?

    @Flag(help: "Replace the output if it exists.")
    var force = false

    @Flag(name: .shortAndLong, help: "Print no summary.")
    var quiet = false

    func run() {
      let source = factors.absolutePath
      let base = source.hasSuffix(".lplr.h5") ? String(source.dropLast(8)) + ".h5" : source
      let target = output?.absolutePath ?? base.replacingExtension(with: ".rebuilt.h5")
      let decompressor = Decompressor(rows: rows?.range, columns: columns?.range, rank: rank)
      let child = ValidatingChild(matrix: nil, factors: source)
      LPLRDist.session { world in
        try child.finish(on: world)
        let report = try decompressor.decompress(source, to: target, replacing: force, on: world)
        return quiet
          ? nil
          : """
          wrote           \(target):\(report.dataset)
          matrix          \(report.shape.rows) x \(report.shape.columns), float32
          rank            \(report.rank)
          relative error  \(report.relativeError?.short ?? "unknown") of the whole
          seconds         \(report.times.text)
          """
      }
    }
  }
}
