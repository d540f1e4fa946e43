// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// The basis that costs fewer bits: ordered singular directions of a randomized SVD, bits by
/// component, and factors that are solved against each other's codes.
///
/// 1. Y = A S, Q = orth(Y), B = Q^T A: two reads (Halko, Martinsson, Tropp, SIAM Review 53(2), 2011,
///    Algorithms 4.1 and 5.1).
/// 2. Each power iteration is one read more: the last product is orthonormalized and A or A^T is
///    applied to it, in turn (their Algorithm 4.4, one half at a time).
/// 3. The SVD of the small triangle of the last product gives A_m = X_L X_R^T.
/// 4. ``BitAllocation``, then ``Refinement``; A is not read again.
struct SVDBasis {
  let plan: CompressionPlan
  let input: InputMatrix
  let world: Communicator
  let clock: StageClock

  /// The factors of this rank's rows and columns. Collective; reads A 2 + q times.
  func factor() throws -> LowRankFactors {
    let sketched = try finder.sketch(
      with: plan.request.sketch, seed: plan.request.seed, width: plan.width)
    let summary = try sketched.statistics.summary(on: world)
    let form = try spectralForm(of: sketched.sketch, energy: summary.energy)

    let energies = form.values.map { $0 * $0 }
    let allocation = try shared { try plan.allocate(energies: energies) }
    let refined = try clock.measure(.computing) {
      try Refinement(
        world: world, leftGrid: plan.grid.tiles, rightGrid: plan.grid.panels,
        allocation: allocation
      ).refine(form)
    }
    func error(_ inside: Double, outside: Double = 0) -> ErrorFigure {
      ErrorFigure(energy: form.energy, tail: form.tail, inside: inside, outside: outside)
    }
    return LowRankFactors(
      left: refined.left, right: refined.right,
      error: error(
        refined.prefixErrors[allocation.rank],
        outside: basisIsLeft ? refined.outside.left : refined.outside.right),
      spectrum: form.values, prefixErrors: refined.prefixErrors.map { error($0).relativeError },
      plain: summary.plain)
  }

  private var finder: RangeFinder {
    RangeFinder(input: input, stream: plan.stream(rank: world.rank), world: world, clock: clock)
  }

  /// Whether the last orthonormal basis spans columns of A, or rows of it.
  private var basisIsLeft: Bool { plan.request.powerIterations % 2 == 0 }

  // MARK: From the sketch to A_m

  private func spectralForm(of sketch: borrowing Matrix<Double>, energy: Double) throws
    -> SpectralForm
  {
    let (tiles, panels) = (plan.grid.tiles, plan.grid.panels)
    let projection = Projection(
      input: input, stream: plan.stream(rank: world.rank), world: world, clock: clock)
    // Rows of Y or Q, and of B^T or V: overwritten in turn.
    let left = sketch.rounded()
    try orthonormalize(sketch, into: left, tiles)
    var right = try projection.project(onto: left)
    for iteration in 0..<plan.request.powerIterations {
      if iteration % 2 == 0 {
        try orthonormalize(right, panels)
        try finder.product(with: right).round(into: left)
      } else {
        try orthonormalize(left, tiles)
        right = try projection.project(onto: left)
      }
    }
    if basisIsLeft {
      let triangle = try TSQR(partition: panels, columns: right.columns, world: world)
        .triangle(of: right)
      return try SpectralForm(
        basis: left, basisGrid: tiles, product: right, productGrid: panels, triangle: triangle,
        energy: energy, on: world)
    }
    let triangle = try TSQR(partition: tiles, columns: left.columns, world: world)
      .triangle(of: left)
    return try SpectralForm(
      basis: right, basisGrid: panels, product: left, productGrid: tiles, triangle: triangle,
      energy: energy, on: world
    ).transposed()
  }

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
  private func shared(_ decide: () throws -> BitAllocation) throws -> BitAllocation {
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
