// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing
internal import ParallelHDF5

extension LPLRDist {
  /// `lplr-dist [compress] INPUT`.
  struct Compress: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compress a matrix into factors (the default subcommand).",
      discussion: """
        Reads the matrix 2 to 6 times, tile by tile, every rank its own columns, and
        writes INPUT.lplr.h5: A ~ left right^T, in codes of a few bits, with the error
        beside them. Without rank and bits, the factors take one bit for each entry of
        the matrix.

        EXAMPLES
          mpirun -n 64 lplr-dist data.h5
          mpirun -n 4 lplr-dist data.h5 -o small.h5 --bits-per-entry 0.5
          mpirun -n 4 lplr-dist data.h5 --tolerance 0.01
          mpirun -n 4 lplr-dist data.h5 --dataset /layers/3/weight --rank 128 --bits 4
          mpirun -n 8 lplr-dist data.h5 --memory 512M --block-axis auto
          mpirun -n 8 lplr-dist data.h5 --report run.json && lplr-dist report run.json
          mpirun -n 64 lplr-dist data.h5 --checkpoint-every 5

        AS PUBLISHED
          lplr-dist data.h5 --basis sketch --quantizer minmax --sketch gaussian \\
            --bits 8

        STOPPING
          The sums of the reads are kept every few minutes. A job that was killed goes
          on from there when the same command is run again, on any number of ranks.
          USR1 or USR2 ask it to save them and to end with status 75; TERM and INT stop
          it at once.
        """)

    @Argument(help: "The HDF5 file with the matrix.")
    var input: String

    @Option(name: .shortAndLong, help: "The file for the factors (default: INPUT.lplr.h5).")
    var output: String?

    @Option(help: "The path of the matrix in the file (default: the only 2-D numeric dataset).")
    var dataset: String?

    @Option(
      help: """
        svd: singular directions with bits by component; sketch: as published; exact: as svd, by \
        ScaLAPACK, for matrices that fit into memory.
        """)
    var basis = BasisKind.svd

    @Option(
      help: """
        lplr: factors solved against each other's codes; dsvd: both quantized by themselves, as in \
        the published direct-SVD method (needs --bits, not for --basis sketch).
        """)
    var method = MethodKind.lplr

    @Option(
      help: """
        Reads of the matrix beyond two, each of which sharpens the basis (default: as many as make \
        the error smaller by a percent; svd).
        """)
    var powerIterations: Int?

    @Option(help: "Columns of the basis (default: what rank and size need; svd, exact).")
    var width: Int?

    @Option(help: "Components to keep (default: as many as the size pays for).")
    var rank: Int?

    @Option(help: "Bits of each element of both factors, 1 to 8.")
    var bits: Int?

    @Option(help: "Bits of each element of the left factor, whose rows are those of the matrix.")
    var leftBits: Int?

    @Option(help: "Bits of each element of the right factor.")
    var rightBits: Int?

    @Option(help: "Size of the factors, in bits for each entry of the matrix (default: 1).")
    var bitsPerEntry: Double?

    @Option(
      help: "The smallest factors with at most this relative error, measured by one more read.")
    var tolerance: Double?

    @Flag(help: "Measure the error by one more read of the matrix (svd).")
    var certify = false

    @Option(help: "Seed of the random sketch.")
    var seed: UInt64 = 0

    @Option(help: "The random sketch: sparse (default; svd), signs (default; sketch) or gaussian.")
    var sketch: SketchKind?

    @Option(help: "lloyd, uniform, or minmax as published.")
    var quantizer = QuantizerKind.lloyd

    @Option(
      help: "Memory of a rank besides the program itself: 512M, 4G (default: half of its share).")
    var memory: ByteCount?

    @Option(
      help: """
        What the ranks divide: columns, rows (factors the transpose: better for contiguous files on \
        many nodes), or auto, by the storage.
        """)
    var blockAxis = BlockAxis.columns

    @Option(
      help: ArgumentHelp(
        "Directory for checkpoints (default: .OUTPUT.checkpoint beside the output).",
        valueName: "dir"))
    var checkpoint: String?

    @Option(
      help: ArgumentHelp(
        "Minutes between checkpoints; 0: after every group of tiles.", valueName: "minutes"))
    var checkpointEvery = CheckpointOptions.usualInterval

    @Option(
      help: ArgumentHelp(
        "End with status 74 when nothing has moved on a rank for so long (default: never).",
        valueName: "seconds"))
    var stallTimeout: Double?

    @Option(help: "A file for all figures of the run, in JSON (see `lplr-dist report`).")
    var report: String?

    @Flag(help: "Replace the output if it exists.")
    var force = false

    @Flag(name: .shortAndLong, help: "Print no summary and no progress.")
    var quiet = false

    @Option(help: "What goes to standard error: error, warning, info (progress) or debug.")
    var logLevel = LogLevel.info

    func validate() throws {
      if bits != nil, leftBits != nil || rightBits != nil {
        throw ValidationError("--bits sets both factors: drop it, or --left-bits and --right-bits")
      }
      if basis == .sketch, tolerance != nil || certify || width != nil || powerIterations != nil {
        throw ValidationError(
          "--tolerance, --certify, --width and --power-iterations belong to --basis svd")
      }
      if basis == .sketch, sketch == .sparse {
        throw ValidationError("--sketch sparse belongs to --basis svd")
      }
      if basis != .sketch, method == .lplr, quantizer != .lloyd {
        throw ValidationError(
          "--quantizer belongs to --basis sketch and --method dsvd; otherwise lloyd is used")
      }
      if method == .dsvd, basis == .sketch || tolerance != nil || (bits ?? leftBits) == nil {
        throw ValidationError("--method dsvd needs --bits and --basis exact or svd")
      }
      if basis == .exact, powerIterations != nil {
        throw ValidationError("--power-iterations belongs to --basis svd")
      }
      guard checkpointEvery >= 0, checkpointEvery.isFinite else {
        throw ValidationError("--checkpoint-every: expected 0 minutes or more")
      }
      guard (1...1e9).contains(stallTimeout ?? 1) else {
        throw ValidationError("--stall-timeout: expected 1 second or more")
      }
      if let report, [outputPath, input.absolutePath].contains(report.absolutePath) {
        throw ValidationError("--report: \(report) is the input or the output; choose another file")
      }
      guard (0...16).contains(powerIterations ?? 0) else {
        throw ValidationError("--power-iterations: expected 0 to 16")
      }
    }

    func run() {
      let (source, target) = (input.absolutePath, outputPath)
      let checkpoints = CheckpointOptions(
        folder: checkpoint?.absolutePath, interval: checkpointEvery)
      let child = ValidatingChild(matrix: source, dataset: dataset)
      LPLRDist.session(quiet ? .error : logLevel) { [request, stallTimeout] world, progress in
        Watch.begin(stallTimeout: stallTimeout, on: world)
        try child.finish(on: world)
        let report = try withReport(on: world) {
          try Compressor(request, on: world, progress: progress)
            .compress(
              source, dataset: dataset, to: target, replacing: force, keeping: checkpoints)
        }
        return quiet ? nil : "wrote           \(target)\n\(report.text)"
      }
    }

    private var request: CompressionRequest {
      var request = CompressionRequest()
      request.rankRule = RankRule(
        rank: rank, leftBits: leftBits ?? bits, rightBits: rightBits ?? bits,
        bitsPerEntry: bitsPerEntry, tolerance: tolerance)
      request.basis = basis
      request.method = method
      request.powerIterations = powerIterations
      request.width = width
      request.certifies = certify
      request.sketchKind = sketch
      request.quantizer = quantizer
      request.seed = seed
      request.axis = blockAxis
      request.memory = memory?.bytes
      return request
    }

    private var outputPath: String {
      (output ?? input.replacingExtension(with: ".lplr.h5")).absolutePath
    }

    /// Does the work, and writes its report from the root if one is wanted. Collective.
    private func withReport(
      on world: Communicator, _ work: () throws -> CompressionReport
    ) throws -> CompressionReport {
      guard let path = report?.absolutePath else { return try work() }
      var file: TextOutput?
      try world.agreeOnRoot { file = try TextOutput(path: path, replacing: force) }
      defer { file?.discard() }
      let result = try work()
      try world.agreeOnRoot {
        do {
          try file?.commit(
            RunReport(result, input: input.absolutePath, output: outputPath).json())
        } catch let error as OutputError {
          throw OutputError.failed("\(error); the factors are complete in \(outputPath)")
        }
      }
      return result
    }
  }
}
