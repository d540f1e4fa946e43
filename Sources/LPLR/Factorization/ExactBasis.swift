// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// The truncated SVD by ScaLAPACK, for matrices that fit into the memory of the job: the basis of the
/// published direct-SVD method, and the oracle for the randomized one.
///
/// Deviation from all else: its last bits depend on the number of ranks.
struct ExactBasis {
  /// What asks for it.
  let basis: SVDBasis

  private var plan: CompressionPlan { basis.plan }
  private var input: InputMatrix { basis.input }
  private var world: Communicator { basis.world }
  private var clock: StageClock { basis.clock }

  /// A_m of the leading `plan.width` directions, with their bits. Collective; reads A once.
  func find() throws -> SVDBasis.Found {
    let (n, d, k) = (plan.rows, plan.columns, plan.width)
    try world.agree { try checkMemory() }
    let mine = DistributedSVD.slab(of: world.rank, extent: d, ranks: world.size)
    let columns = Matrix<Float>(rows: mine.count, columns: n, repeating: 0)
    var plain = PlainQuantization()
    clock.enterRead(ofBytes: 0)
    var square = [try world.agree { try read(mine, into: columns, &plain) }]
    try world.allReduce(&square, .sum)
    try world.agreeOnRoot { try input.check(norm: square[0].squareRoot()) }
    clock.enter(.solving)
    try plain.total(on: world)

    let svd = try clock.measure(.computing) {
      try DistributedSVD.leading(k, ofColumns: columns, rows: n, columns: d, on: world)
    }
    let energy = svd.values.reduce(0) { $0 + $1 * $1 }
    let kept = max(
      1, svd.values[..<k].prefix { $0 > SingularDirections.cutoff * svd.values[0] }.count)
    let values = Array(svd.values[..<kept])
    let form = SpectralForm(
      left: try redistribute(svd.left, extent: n, to: plan.grid.tiles, scaledBy: values),
      right: try redistribute(svd.right, extent: d, to: plan.grid.panels, scaledBy: values),
      values: values, energy: energy)
    let allocation = try basis.shared {
      try plan.allocate(energies: values.map { $0 * $0 }, energy: energy)
    }
    return SVDBasis.Found(
      form: form, allocation: allocation, basisIsLeft: true, reads: 1, plain: plain)
  }

  /// Reads columns of A, one into each row of `columns`, tile by tile; returns the sum of their
  /// squares.
  private func read(
    _ range: Range<Int>, into columns: borrowing Matrix<Float>, _ plain: inout PlainQuantization
  ) throws -> Double {
    guard !range.isEmpty else { return 0 }
    var sum = 0.0
    let height = max(1, min(plan.rows, Self.elementsPerRead / range.count))
    let buffer = Matrix<Float>(rows: height, columns: range.count, repeating: 0)
    for top in stride(from: 0, to: plan.rows, by: height) {
      let rows = top..<min(top + height, plan.rows)
      let block = try clock.measure(.reading) {
        try input.read(rows: rows, columns: range, into: buffer.elements)
      }
      sum += sumOfSquares(block)
      guard sum.isFinite else { throw input.notFinite(block, rows, range) }
      plain.add(block)
      // By stored runs: rows of the block, or columns if it is seen transposed.
      for (index, run) in block.storedRows.enumerated() {
        for (offset, value) in run.enumerated() {
          let (row, column) = block.isTransposed ? (offset, index) : (index, offset)
          columns[column, top + row] = value
        }
      }
    }
    return sum
  }

  private static let elementsPerRead = 16 << 20

  /// The slabs of all ranks pass through every rank, which keeps the rows of its own blocks.
  private func redistribute(
    _ slab: borrowing Matrix<Float>, extent: Int, to grid: BlockPartition,
    scaledBy values: [Double]
  ) throws -> Matrix<Float> {
    let wanted = grid.range(of: world.rank)
    let roots = values.map { Float($0.squareRoot()) }
    let result = Matrix<Float>(rows: wanted.count, columns: values.count, repeating: 0)
    let largest = DistributedSVD.slab(of: 0, extent: extent, ranks: world.size).count
    let passing = Matrix<Float>(rows: largest, columns: slab.columns, repeating: 0)
    for owner in 0..<world.size {
      let range = DistributedSVD.slab(of: owner, extent: extent, ranks: world.size)
      if owner == world.rank { _ = passing.elements.update(fromContentsOf: slab.elements) }
      try world.broadcast(
        UnsafeMutableBufferPointer(rebasing: passing.elements[..<(range.count * slab.columns)]),
        from: owner)
      for row in range.clamped(to: wanted) {
        for column in values.indices {
          result[row - wanted.lowerBound, column] =
            passing[row - range.lowerBound, column] * roots[column]
        }
      }
    }
    return result
  }

  /// Refuses what does not fit, with the numbers.
  private func checkMemory() throws {
    let (n, d) = (plan.rows, plan.columns)
    let (entries, overflow) = n.multipliedReportingOverflow(by: d)
    let share = overflow ? Int.max / 64 : entries / world.size
    let needed = 4 * share + 8 * (3 * share + min(n, d) * (n + d) / world.size)
    guard needed <= plan.memoryLimit else {
      throw PlanError(
        "--basis exact holds the matrix in memory: a rank needs about \(needed >> 20) MiB, --memory "
          + "allows \(plan.memoryLimit >> 20) MiB; use more ranks, or --basis svd")
    }
  }
}
