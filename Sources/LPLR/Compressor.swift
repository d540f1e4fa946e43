// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
internal import ParallelHDF5

/// Compresses one matrix: the whole of `lplr-dist compress` below the command line.
package struct Compressor {
  package let request: CompressionRequest
  package let world: Communicator
  private let progress: RunProgress?

  /// - Parameter progress: told where this rank stands, if anybody wants to know.
  package init(
    _ request: CompressionRequest, on world: Communicator, progress: RunProgress? = nil
  ) {
    self.request = request
    self.world = world
    self.progress = progress
  }

  /// Factors the matrix in a dataset of a file and writes the factors to another file. Collective.
  ///
  /// Reads A twice or more, as the basis asks for. Whatever fails, fails on every rank together, and
  /// nothing stands under the final name. A job that was stopped goes on from its last checkpoint.
  package func compress(
    _ path: String, dataset: String?, to output: String, replacing force: Bool,
    keeping options: CheckpointOptions
  ) throws -> CompressionReport {
    let clock = StageClock(progress)
    let input = try InputMatrix(path: path, dataset: dataset, axis: request.axis, on: world)
    try world.agreeOnRoot { try FactorFormat.check(group: input.datasetPath, of: path) }
    let plan = try CompressionPlan(request, for: input, on: world)
    let file = try ParallelFile(
      path: output, replacing: force, input: path, reserving: plan.factorFileBytes, on: world)
    return try file.removingOnFailure {
      let checkpoint = try checkpoint(options, output, plan, input)
      return try checkpoint.removingAfter {
        let factors =
          switch request.basis {
          case .svd, .exact:
            try SVDBasis(
              plan: plan, input: input, world: world, clock: clock, checkpoint: checkpoint
            ).factor()
          case .sketch:
            try SketchBasis(
              plan: plan, input: input, world: world, clock: clock, checkpoint: checkpoint
            ).factor()
          }
        try world.agree { try input.checkUnchanged() }
        clock.enter(.writing)
        try clock.measure(.writing) {
          try FactorWriter(file: file, plan: plan, input: input, world: world).write(factors)
        }
        return CompressionReport(
          input: input, plan: plan, factors: input.axis == .rows ? factors.transposed : factors,
          times: try clock.summary(on: world), timeline: try clock.timeline(on: world),
          ranks: world.size)
      }
    }
  }

  private func checkpoint(
    _ options: CheckpointOptions, _ output: String, _ plan: CompressionPlan, _ input: InputMatrix
  ) throws -> Checkpoint {
    // Its sums are ScaLAPACK's, and depend on the number of ranks.
    guard request.basis != .exact else { return Checkpoint(offOn: world) }
    var identity: [CheckpointManifest.Trait] = []
    try world.agreeOnRoot { identity = try plan.identity(of: input) }
    var folder =
      options.folder.map { CheckpointFolder($0) } ?? CheckpointFolder(besideOutput: output)
    // A name that was given must be good now, and not when it is needed.
    try world.agreeOnRoot { if options.folder != nil || folder.exists { try folder.claim() } }
    return try Checkpoint(folder, every: options.interval, identity: identity, on: world)
  }
}
