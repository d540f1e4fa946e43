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
  /// nothing stands under the final name.
  package func compress(
    _ path: String, dataset: String?, to output: String, replacing force: Bool
  ) throws -> CompressionReport {
    let clock = StageClock(progress)
    let input = try InputMatrix(path: path, dataset: dataset, axis: request.axis, on: world)
    try world.agreeOnRoot { try FactorFormat.check(group: input.datasetPath, of: path) }
    let plan = try CompressionPlan(request, for: input, on: world)
    let file = try ParallelFile(path: output, replacing: force, input: path, on: world)
    return try file.removingOnFailure {
      let factors =
        switch request.basis {
        case .svd, .exact:
          try SVDBasis(plan: plan, input: input, world: world, clock: clock).factor()
        case .sketch: try SketchBasis(plan: plan, input: input, world: world, clock: clock).factor()
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
