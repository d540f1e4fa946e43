// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// The basis that costs fewer bits: ordered singular directions of a randomized SVD, bits by
/// component, and factors that are solved against each other's codes.
///
/// 1. Y = A S, Q = orth(Y), B = Q^T A: two reads (Halko, Martinsson, Tropp, SIAM Review 53(2), 2011,
///    Algorithms 4.1 and 5.1).
/// 2. Each of q power iterations is one read more: the last product is orthonormalized and A or A^T is
///    applied to it, in turn (their Algorithm 4.4, one half at a time).
/// 3. The SVD of the small triangle of the last product gives A_m = X_L X_R^T.
/// 4. ``BitAllocation``, then ``Refinement``; A is not read again.
struct SVDBasis {
  let plan: CompressionPlan
  let input: InputMatrix
  let world: Communicator
  let clock: StageClock

  /// The factors of this rank's rows and columns. Collective; reads A 2 + q times, and once more to
  /// measure the error if that is asked for.
  func factor() throws -> LowRankFactors {
    if plan.rule.tolerance != nil { return try ToleranceSearch(first: self).factor() }
    let found = try find()
    var factors = try factors(of: found, allocation: found.allocation)
    if plan.request.certifies { try measure(&factors) }
    return factors
  }

  /// A_m and the bits that its spectrum asks for. Collective; reads A 2 + q times.
  func find() throws -> Found {
    let sketched = try finder.sketch(
      with: plan.request.sketch, seed: plan.request.seed, width: plan.width)
    return try sharpen(sketched.sketch, try sketched.statistics.summary(on: world))
  }

  /// Quantizes and refines A_m. Collective; does not read A.
  func factors(of found: borrowing Found, allocation: BitAllocation) throws -> LowRankFactors {
    let refined = try clock.measure(.computing) {
      try Refinement(
        world: world, leftGrid: plan.grid.tiles, rightGrid: plan.grid.panels,
        allocation: allocation
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

  /// Replaces the error by the measured one. Collective; reads A once.
  func measure(_ factors: inout LowRankFactors) throws {
    let residual = Residual(
      input: input, stream: plan.stream(rank: world.rank), world: world, clock: clock)
    let square = try residual.relativeSquare(left: factors.left, right: factors.right)
    factors.error = factors.error.measured(square.squareRoot())
    factors.reads += 1
  }

  private var finder: RangeFinder {
    RangeFinder(input: input, stream: plan.stream(rank: world.rank), world: world, clock: clock)
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

  private func sharpen(
    _ sketch: borrowing Matrix<Double>, _ summary: BlockStatistics.Summary
  ) throws -> Found {
    let energy = summary.energy
    let (tiles, panels) = (plan.grid.tiles, plan.grid.panels)
    let projection = Projection(
      input: input, stream: plan.stream(rank: world.rank), world: world, clock: clock)
    // Rows of Y or Q, and of B^T or V: overwritten in turn.
    let left = sketch.rounded()
    try orthonormalize(sketch, into: left, tiles)
    let right = try projection.project(onto: left)

    var outlook = try outlook(of: right, panels, energy: energy)
    var iterations = 0
    var gain = Double.infinity
    while wantsIteration(iterations, outlook, lastGain: gain) {
      if iterations % 2 == 0 {
        try orthonormalize(right, panels)
        try finder.product(with: right).round(into: left)
      } else {
        try orthonormalize(left, tiles)
        let projected = try projection.project(onto: left)
        _ = right.elements.update(fromContentsOf: projected.elements)
      }
      iterations += 1
      let next =
        iterations % 2 == 0
        ? try self.outlook(of: right, panels, energy: energy)
        : try self.outlook(of: left, tiles, energy: energy)
      gain = 1 - next.cost / outlook.cost
      outlook = next
    }

    let basisIsLeft = iterations % 2 == 0
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
  }

  private func outlook(
    of product: borrowing Matrix<Float>, _ grid: BlockPartition, energy: Double
  ) throws -> Outlook {
    try clock.measure(.computing) {
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

  /// Whether to read A once more: as often as asked for, or while that can make the error smaller
  /// by a percent and the last time did (or the size by two).
  private func wantsIteration(_ done: Int, _ outlook: Outlook, lastGain: Double) -> Bool {
    if let wanted = plan.request.powerIterations { return done < wanted }
    return done < Self.mostIterations && outlook.tail > Self.worthwhile * outlook.error
      && lastGain > Self.worthwhile
  }

  private static let mostIterations = 4
  /// Of a squared error.
  private static let worthwhile = 0.02

  /// Overwrites the rows of a matrix by those of an orthonormal basis of its columns' span.
  private func orthonormalize(_ matrix: borrowing Matrix<Float>, _ grid: BlockPartition) throws {
    let wide = Matrix<Double>(rows: matrix.rows, columns: matrix.columns, repeating: 0)
    matrix.widen(into: wide)
    try orthonormalize(wide, into: matrix, grid)
  }

  private func orthonormalize(
    _ wide: borrowing Matrix<Double>, into matrix: borrowing Matrix<Float>, _ grid: BlockPartition
  ) throws {
    try clock.measure(.computing) {
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
