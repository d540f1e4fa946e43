// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import MessagePassing
internal import ParallelHDF5

/// Multiplies a matrix X by a compressed one, from the factors, without rebuilding it:
///
///     Y = left (right^T X)     (n x k) for X (d x k),   or transposed
///     Y = right (left^T X)     (d x k) for X (n x k).
package struct Multiplier {
  /// Whether the compressed matrix is taken transposed.
  package var transposed: Bool

  package init(transposed: Bool = false) { self.transposed = transposed }

  /// Writes Y as float32 to a dataset with the path of X. Collective.
  ///
  /// Ranks share the rows of X, add up the r x k product of the inner factor in a way that does not
  /// depend on their number, and share the rows of Y: Y has the same bytes on any number of ranks.
  /// 2 (n + d) r k flops in all; X is read once, the codes once for every ``FactorProduct/width``
  /// columns of X; 12 r k bytes are sent. Memory of a rank: at most 128 MiB, whatever n, d and k.
  package func multiply(
    _ path: String, by inputPath: String, dataset: String?, to output: String,
    replacing force: Bool, on world: Communicator
  ) throws -> MultiplicationReport {
    let clock = StageClock()
    let factors = try world.openFactors(path)
    let x = try InputMatrix(path: inputPath, dataset: dataset, axis: .columns, on: world)
    let product = FactorProduct(
      factors: factors, transposed: transposed, x: x, world: world, clock: clock)
    try world.agreeOnRoot {
      try product.checkShape()
      try check(output, isNot: path)
    }
    let file = try ParallelFile(path: output, replacing: force, input: inputPath, on: world)
    return try file.removingOnFailure {
      try file.layOut([product.planned])
      for group in 0..<product.groups {
        let inner = try product.inner(group)
        try world.agree { try product.writeOuter(inner, group, to: file) }
      }
      try world.agree { try x.checkUnchanged() }
      try clock.measure(.writing) {
        try file.commit { parts in
          try parts.attach(["creator": .text(FactorFormat.creator)], to: product.planned.path)
        }
      }
      return MultiplicationReport(
        dataset: product.planned.path, shape: (product.planned.rows, product.planned.columns),
        rank: factors.rank, times: try clock.summary(on: world))
    }
  }

  /// The file that is replaced must not be the factors; that it is not X is checked with the rest.
  private func check(_ output: String, isNot factors: String) throws {
    // Without an identity there is no file yet, or one that cannot be replaced anyway.
    guard let target = try? FileIdentity(of: output) else { return }
    let source = try FileIdentity(of: factors)
    if target.device == source.device, target.inode == source.inode {
      throw OutputError.cannotCreate("\(output): is the factor file itself; choose another output")
    }
  }
}

/// What a finished multiplication has to say.
package struct MultiplicationReport: Sendable {
  /// The path of Y in its file.
  package let dataset: String
  package let shape: (rows: Int, columns: Int)
  package let rank: Int
  package let times: StageTimes
}
