// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import LPLR
internal import ParallelHDF5

extension LPLRDist {
  /// `lplr-dist plan INPUT --ranks P`.
  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a compression will cost, before it is queued, without MPI.",
      discussion: """
        Opens the matrix for its shape and does not read it. Counts of reads, flops and
        bytes follow from the plan that compress makes; seconds from the figures of a
        machine, which --calibrate measures on a node of it in a few seconds. Takes
        those options of compress that change its cost, but not --tolerance.

        EXAMPLES
          lplr-dist plan --calibrate data.h5
          lplr-dist plan data.h5 --ranks 512 --ranks-per-node 64 --read-bandwidth 40G
          lplr-dist plan --shape 2000000x500000 --dtype float32 --ranks 1024 --rank 256
          lplr-dist plan data.h5 --ranks 64 --scaling
        """)

    @Argument(help: "The HDF5 file with the matrix; for --calibrate, any large file.")
    var input: String?

    @Option(help: "The path of the matrix in the file (default: the only 2-D numeric dataset).")
    var dataset: String?

    @Option(help: "Rows and columns of a matrix without a file: 2000000x500000.")
    var shape: MatrixShape?

    @Option(help: "Type of its elements, with --shape.")
    var dtype = ElementType.float32

    @Option(help: "Rows and columns of its chunks, with --shape (default: contiguous).")
    var chunk: MatrixShape?

    @Option(help: "Ranks of the job.")
    var ranks = 1

    @Option(help: "Ranks of a node (default: the cores of the calibrated machine).")
    var ranksPerNode: Int?

    @Option(help: "Bytes a second that the file system gives to the whole job: 40G.")
    var readBandwidth: ByteCount?

    @Option(help: "As for compress.")
    var basis = BasisKind.svd

    @Option(help: "As for compress.")
    var rank: Int?

    @Option(help: "As for compress.")
    var bits: Int?

    @Option(help: "As for compress.")
    var bitsPerEntry: Double?

    @Option(help: "As for compress.")
    var width: Int?

    @Option(help: "As for compress.")
    var powerIterations: Int?

    @Flag(help: "As for compress.")
    var certify = false

    @Option(help: "As for compress (default: half of this machine's memory by --ranks-per-node).")
    var memory: ByteCount?

    @Option(help: "As for compress.")
    var blockAxis = BlockAxis.columns

    @Option(help: "Reads of the matrix to reckon with (default: 2, and what the options add).")
    var reads: Int?

    @Option(help: "The figures of the machine (default: ~/.config/lplr-dist/machine.json).")
    var machine: String?

    @Flag(help: "Measure the figures of this node and write them to the machine's file.")
    var calibrate = false

    @Flag(help: "Also print how time grows to 10,000 ranks and 1 PB, and what limits it.")
    var scaling = false

    func validate() throws {
      guard calibrate || (input == nil) != (shape == nil) else {
        throw ValidationError("expected a file with a matrix, or --shape")
      }
      guard ranks >= 1, ranksPerNode ?? 1 >= 1, ranks <= 1 << 24 else {
        throw ValidationError("--ranks and --ranks-per-node: expected 1 or more")
      }
      guard (2...64).contains(reads ?? 2) else {
        throw ValidationError("--reads: expected 2 to 64")
      }
      guard basis != .exact else {
        throw ValidationError(
          "--basis exact is not planned: its cost is that of pdgesvd on the whole matrix")
      }
      if input != nil, shape != nil {
        throw ValidationError("--shape is for a matrix without a file: drop one")
      }
    }

    func run() { LPLRDist.serially { calibrate ? try measure() : try show() } }

    private var machinePath: String { machine?.absolutePath ?? Machine.defaultPath }

    private func measure() throws {
      let cores = ranksPerNode ?? ProcessInfo.processInfo.activeProcessorCount
      let figures = try Calibration(cores: cores, file: input?.absolutePath).measure()
      try figures.write(to: machinePath)
      try LPLRDist.say("wrote           \(machinePath)\n\(figures.text)")
    }

    private func show() throws {
      let isCalibrated =
        machine != nil || FileManager.default.fileExists(atPath: machinePath)
      let figures = isCalibrated ? try Machine(reading: machinePath) : .usual
      let perNode = ranksPerNode ?? figures.cores
      let job = Forecast.Job(
        ranks: ranks, ranksPerNode: perNode, machine: figures,
        readBandwidth: readBandwidth.map { Double($0.bytes) })
      let storage = try storage()
      let limit =
        memory?.bytes
        ?? Int(clamping: ProcessInfo.processInfo.physicalMemory) / 2 / job.ranksPerNode
      let forecast = try Forecast(request, storage, on: job, limit: limit, reads: reads)
      let all = Scaling(request, storage, like: job, limit: limit, reads: reads)
      try LPLRDist.say(
        """
        matrix          \(storage.rows) x \(storage.columns), \(storage.typeName)
        machine         \(isCalibrated ? machinePath : "usual figures; measure yours with --calibrate")
        \(forecast.text)
        \(all.bestText)
        """)
      if scaling { try LPLRDist.say(all.text) }
    }

    private func storage() throws -> MatrixStorage {
      guard let shape else {
        return try MatrixStorage(path: (input ?? "").absolutePath, dataset: dataset)
      }
      return MatrixStorage(
        rows: shape.rows, columns: shape.columns, typeName: dtype.rawValue,
        elementByteCount: dtype.byteCount,
        chunk: chunk.map { [min($0.rows, shape.rows), min($0.columns, shape.columns)] },
        isPlain: dtype == .float32)
    }

    private var request: CompressionRequest {
      var request = CompressionRequest()
      request.rankRule = RankRule(
        rank: rank, leftBits: bits, rightBits: bits, bitsPerEntry: bitsPerEntry)
      request.basis = basis
      request.width = width
      request.powerIterations = powerIterations
      request.certifies = certify
      request.axis = blockAxis
      return request
    }
  }
}
