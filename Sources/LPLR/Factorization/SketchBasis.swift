// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// LPLR as published: the quantized sketch itself is the left factor (Saha, Srivastava, Pilanci,
/// "Matrix Compression via Randomized Low Rank and Low Precision Factorization", NeurIPS 2023,
/// Algorithm 1).
///
///     L = Q_B(A S),   W = argmin ||L W - A||_F = L^+ A,   R = Q_B'(W),   A ~ L R
///
/// Deviations: signs instead of normal numbers unless asked for; W from a TSQR of L, by way of
/// B = Q^T A, which gives the exact error as well.
struct SketchBasis {
  let plan: CompressionPlan
  let input: InputMatrix
  let world: Communicator
  let clock: StageClock
  let checkpoint: Checkpoint

  /// The factors of this rank's rows and columns. Collective; reads A twice.
  func factor() throws -> LowRankFactors {
    let sweep = plan.sweep(over: input, on: world, clock, keptIn: checkpoint)
    let kind = plan.request.quantizer.quantizer
    let choice = try plan.uniformChoice()
    let bits = (
      left: [UInt8](repeating: UInt8(choice.leftBits), count: choice.rank),
      right: [UInt8](repeating: UInt8(choice.rightBits), count: choice.rank)
    )

    let sketched = try RangeFinder(sweep: sweep)
      .sketch(with: plan.request.sketch, seed: plan.request.seed, width: plan.width)

    let basis = sketched.sketch.rounded()
    let left = try clock.measure(.computing) {
      try QuantizedFactor(quantizing: basis, with: kind, bits: bits.left, on: world)
    }
    basis.widen(into: sketched.sketch)
    let r = try clock.measure(.computing) {
      try TSQR(partition: plan.grid.tiles, columns: plan.width, world: world)
        .factor(sketched.sketch)
    }
    sketched.sketch.round(into: basis)

    let bt = try Projection(sweep: sweep).project(onto: basis)

    // W = R^+ B with R = U diag(s) V^T of the TSQR.
    let wt = try clock.measure(.computing) {
      let inverse = try pseudoinverse(of: r)
      return bt.times(inverse.transposed.rounded(), blocks: plan.grid.panels, of: world.rank)
    }
    let right = try clock.measure(.computing) {
      try QuantizedFactor(quantizing: wt, with: kind, bits: bits.right, on: world)
    }

    // L R = Q (R_tsqr R), so the error inside the range of Q is B - R_tsqr R, and the rest of A is
    // what Q^T does not see.
    let product = clock.measure(.computing) {
      wt.times(r.transposed.rounded(), blocks: plan.grid.panels, of: world.rank)
    }
    let error = try ErrorFigure(
      energy: sketched.summary.energy, projected: bt, approximated: product,
      partition: plan.grid.panels, world: world)
    return LowRankFactors(
      left: left, right: right, error: error, spectrum: [], prefixErrors: [],
      plain: sketched.summary.plain, reads: 2, grid: plan.grid)
  }

  /// R^+ (m x k), computed on the root and sent to every rank: its bits must not depend on who
  /// computes it.
  private func pseudoinverse(of r: SmallMatrix) throws -> SmallMatrix {
    var elements: [Double] = []
    try world.agreeOnRoot {
      // That of an m x m matrix in single precision, in which B is.
      let cutoff = Double(plan.width) * Double(Float.ulpOfOne)
      elements = try SingularValueDecomposition(r).pseudoinverse(cutoff: cutoff).elements
      guard elements.allSatisfy({ Float($0).isFinite }) else {
        throw InputError.badData(
          "\(input.dataset.name): the elements are so small that single precision cannot hold their "
            + "inverse; scale the matrix up")
      }
    }
    elements = try world.broadcast(elements, from: 0, filler: 0)
    return SmallMatrix(rows: r.columns, columns: r.rows, elements: elements)
  }
}
