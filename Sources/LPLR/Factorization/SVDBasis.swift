// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import MessagePassing

/// The basis that costs fewer bits: ordered singular directions of a randomized SVD, bits by
/// component, and factors that are solved against each other's codes.
///
/// 1. The row space of A, from a wide sketch: V = orth(A^T S), one read (``SubspaceFinder``).
/// 2. Y = A V: one read (Halko, Martinsson, Tropp, SIAM Review 53(2), 2011, Algorithm 5.1, for A^T).
/// 3. Each of q power iterations is one read more: the last product is orthonormalized and A^T or A is
///    applied to it, in turn (their Algorithm 4.4, one half at a time).
/// 4. The SVD of the small triangle of the last product gives A_m = X_L X_R^T.
/// 5. ``BitAllocation``, then ``Refinement``; A is not read again.
struct SVDBasis {
  let plan: CompressionPlan
  let input: InputMatrix
  let world: Communicator
  let clock: StageClock
  let checkpoint: Checkpoint
  private let sweep: Sweep

  init(
    plan: CompressionPlan, input: InputMatrix, world: Communicator, clock: StageClock,
    checkpoint: Checkpoint
  ) {
    self.plan = plan
    self.input = input
    self.world = world
    self.clock = clock
    self.checkpoint = checkpoint
    sweep = plan.sweep(over: input, on: world, clock, keptIn: checkpoint)
  }

  /// The factors of this rank's rows and columns. Collective; reads A 2 + q times, and once more to
  /// measure the error if that is asked for.
  func factor() throws -> LowRankFactors {
    if plan.rule.tolerance != nil { return try ToleranceSearch(first: self).factor() }
    let found = try find()
    var factors = try factors(of: found, allocation: found.allocation)
    if plan.request.certifies, plan.request.method != .dsvd { try measure(&factors) }
    return factors
  }

  /// A_m and the bits that its spectrum asks for. Collective; reads A 2 + q times.
  func find() throws -> Found {
    if plan.request.basis == .exact {
      return try ExactBasis(basis: self).find()
    }
    let found = try SubspaceFinder(sweep: sweep, panels: plan.grid.panels).leading(
      plan.width, sketchedBy: plan.request.sketch, seed: plan.request.seed, width: plan.sketchWidth)
    return try sharpen(found.basis, found.summary)
  }

  /// Gives back the memory of tiles that were kept for further reads.
  func releaseTiles() { sweep.tiles.release() }

  /// Quantizes and refines A_m. Collective; does not read A.
  func factors(of found: borrowing Found, allocation: BitAllocation) throws -> LowRankFactors {
    if plan.request.method == .dsvd { return try directFactors(of: found, allocation) }
    clock.enter(.refining)
    defer { clock.enter(.solving) }
    let refined = try clock.measure(.computing) {
      try Refinement(
        world: world, leftGrid: plan.grid.tiles, rightGrid: plan.grid.panels,
        allocation: allocation, checkpoint: checkpoint
      ).refine(found.form)
    }
    let (energy, tail) = (found.form.energy, found.form.tail)
    func error(_ inside: Double, outside: Double = 0) -> ErrorFigure {
      ErrorFigure(energy: energy, tail: tail, inside: inside, outside: outside)
    }
    return LowRankFactors(
      left: refined.left, right: refined.right,
      error: error(
        refined.prefixErrors[allocation.rank],
        outside: found.basisIsLeft ? refined.outside.left : refined.outside.right),
      spectrum: found.form.values,
      prefixErrors: refined.prefixErrors.map { error($0).estimate },
      plain: found.plain, reads: found.reads, grid: plan.grid)
  }

  /// L = Q_B(U), R = Q_B'(V diag(s)), each by itself: the published direct-SVD method (Saha et al.
  /// 2023, "DSVD"). Collective; reads A once, for the error.
  private func directFactors(of found: borrowing Found, _ allocation: BitAllocation) throws
    -> LowRankFactors
  {
    let quantizer = plan.request.quantizer.quantizer
    let roots = found.form.values[..<allocation.rank].map { Float($0.squareRoot()) }
    func quantized(
      _ x: borrowing Matrix<Float>, _ bits: [UInt8], _ factor: (Float) -> Float
    ) throws -> QuantizedFactor {
      let scaled = Matrix<Float>(rows: x.rows, columns: roots.count, repeating: 0)
      for row in 0..<x.rows {
        for (column, root) in roots.enumerated() {
          scaled[row, column] = root > 0 ? x[row, column] * factor(root) : 0
        }
      }
      return try QuantizedFactor(quantizing: scaled, with: quantizer, bits: bits, on: world)
    }
    var factors = LowRankFactors(
      left: try quantized(found.form.left, allocation.left) { 1 / $0 },
      right: try quantized(found.form.right, allocation.right) { $0 },
      error: ErrorFigure(energy: found.form.energy, tail: found.form.tail, inside: 0, outside: 0),
      spectrum: found.form.values, prefixErrors: [], plain: found.plain, reads: found.reads,
      grid: plan.grid)
    try measure(&factors)
    return factors
  }

  /// Replaces the error by the measured one. Collective; reads A once.
  func measure(_ factors: inout LowRankFactors) throws {
    let residual = Residual(sweep: sweep)
    let blocks = try residual.blockErrors(left: factors.left, right: factors.right)
    factors.error = factors.error.measured(blocks.relativeError)
    factors.blocks = blocks
    factors.reads += 1
  }

  // MARK: From the sketch to A_m

  /// A_m, the bits that its spectrum asks for, and how it was come by.
  struct Found: ~Copyable {
    let form: SpectralForm
    let allocation: BitAllocation
    /// Whether the last orthonormal basis spans columns of A, or rows of it.
    let basisIsLeft: Bool
    let reads: Int
    let plain: PlainQuantization
  }

  /// Multiplies the sketched rows (d_p x m; overwritten) and A with one another in turn.
  private func sharpen(
    _ right: consuming Matrix<Float>, _ summary: BlockStatistics.Summary
  ) throws -> Found {
    let energy = summary.energy
    let (tiles, panels) = (plan.grid.tiles, plan.grid.panels)
    try orthonormalize(right, panels)
    let finder = RangeFinder(sweep: sweep)
    // Of a row of A times a column of an orthonormal basis, with room for its rounding.
    let largest = 2 * energy.squareRoot()
    let left = try finder.product(with: right, below: largest).rounded()

    var outlook = try outlook(of: left, tiles, energy: energy)
    var iterations = 0
    var gain = Double.infinity
    while wantsIteration(iterations, outlook, lastGain: gain) {
      if iterations % 2 == 0 {
        try orthonormalize(left, tiles)
        let projected = try Projection(sweep: sweep).project(onto: left)
        _ = right.elements.update(fromContentsOf: projected.elements)
      } else {
        try orthonormalize(right, panels)
        try finder.product(with: right, below: largest).round(into: left)
      }
      iterations += 1
      let next =
        iterations % 2 == 0
        ? try self.outlook(of: left, tiles, energy: energy)
        : try self.outlook(of: right, panels, energy: energy)
      gain = 1 - next.cost / outlook.cost
      outlook = next
    }

    let basisIsLeft = iterations % 2 == 1
    let form =
      basisIsLeft
      ? SpectralForm(
        basis: left, basisGrid: tiles, product: right, productGrid: panels,
        directions: outlook.directions, energy: energy, on: world)
      : SpectralForm(
        basis: right, basisGrid: panels, product: left, productGrid: tiles,
        directions: outlook.directions, energy: energy, on: world
      ).transposed()
    return Found(
      form: form, allocation: outlook.allocation, basisIsLeft: basisIsLeft, reads: 2 + iterations,
      plain: summary.plain)
  }

  /// What can be expected of the basis as it is.
  private struct Outlook {
    let directions: SingularDirections
    let allocation: BitAllocation
    /// ||A - A_m||^2.
    let tail: Double
    /// The expected squared error.
    let error: Double
    /// What is to be small: the error, or the size if the error is given.
    let cost: Double

    /// The part of the squared error that one more read can be expected to take away.
    ///
    /// A sketch of m columns mixes 1 / (m - r) of what lies beyond the basis into each of the r
    /// components kept; every product with A after the first shrinks this for component i by the
    /// square of (singular value beyond the basis) / s_i, for which that of the last direction stands.
    func expectedGain(sketchWidth m: Int, iterations: Int) -> Double {
      let r = allocation.rank
      guard error > 0, let last = directions.values.last else { return 0 }
      let shares = directions.values[..<r].reduce(0.0) {
        $0 + pow(last / $1, 2 * Double(iterations))
      }
      return min(1, shares / Double(max(1, m - r)) * tail / error)
    }
  }

  private func outlook(
    of product: borrowing Matrix<Float>, _ grid: BlockPartition, energy: Double
  ) throws -> Outlook {
    try checkpoint.pause()
    return try clock.measure(.computing) {
      let directions = try SingularDirections(of: product, grid, on: world)
      let energies = directions.values.map { $0 * $0 }
      let allocation = try shared { try plan.allocate(energies: energies, energy: energy) }
      let tail = max(0, energy - energies.reduce(0, +))
      let error = tail + allocation.totalError(energies: energies)
      let bytes = allocation.byteCount(rows: plan.rows, columns: plan.columns)
      return Outlook(
        directions: directions, allocation: allocation, tail: tail, error: error,
        cost: plan.rule.tolerance == nil ? error : Double(bytes))
    }
  }

  /// Whether to read A once more: as often as asked for, or while a read can be expected to take away
  /// a few percent of the squared error and the last one did (of the size, for a tolerance).
  private func wantsIteration(_ done: Int, _ outlook: Outlook, lastGain: Double) -> Bool {
    if let wanted = plan.request.powerIterations { return done < wanted }
    let expected = outlook.expectedGain(sketchWidth: plan.sketchWidth, iterations: done)
    return done < Self.mostIterations && lastGain > Self.worthwhile
      && expected > (done == 0 ? Self.worthStarting : Self.worthwhile)
  }

  private static let mostIterations = 4
  /// Of a squared error.
  private static let worthwhile = 0.02
  private static let worthStarting = 0.04

  /// Overwrites the rows of a matrix by those of an orthonormal basis of its columns' span.
  private func orthonormalize(_ matrix: borrowing Matrix<Float>, _ grid: BlockPartition) throws {
    let first = grid.range(of: world.rank).lowerBound
    let squares = grid.blocks(of: world.rank).map {
      sumOfSquares(matrix.rows(grid.range(ofBlock: $0).shifted(by: -first)))
    }
    let energy = try world.sumInOrder(squares, width: 1)[0]
    try clock.measure(.computing) {
      // What a sketch or a product left is mostly well conditioned.
      if try CholeskyQR(partition: grid, world: world).orthonormalize(matrix, energy: energy) {
        return
      }
      let wide = Matrix<Double>(rows: matrix.rows, columns: matrix.columns, repeating: 0)
      matrix.widen(into: wide)
      _ = try TSQR(partition: grid, columns: wide.columns, world: world).factor(wide)
      wide.round(into: matrix)
    }
  }

  /// Decides bits on the root: all ranks must use the same.
  func shared(_ decide: () throws -> BitAllocation) throws -> BitAllocation {
    var bits: [UInt8] = []
    try world.agreeOnRoot {
      let allocation = try decide()
      bits = allocation.left + allocation.right
    }
    bits = try world.broadcast(bits, from: 0, filler: 0)
    return BitAllocation(
      left: Array(bits[..<(bits.count / 2)]), right: Array(bits[(bits.count / 2)...]))
  }
}
