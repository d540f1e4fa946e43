// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// Finds the smallest factors whose relative error is at most a tolerance.
///
/// 1. The sketch is widened, 2 + q reads a time, until it holds all components that are worth their
///    bits.
/// 2. The size is searched on the compressed form, without reading A.
/// 3. The error is measured by one more read. If it is above the tolerance, or far below it, the
///    search is repeated with a target that is lower or higher by what the estimate was off.
struct ToleranceSearch {
  let first: SVDBasis

  /// Collective. Throws ``PlanError`` if the tolerance cannot be reached, with what can be.
  func factor() throws -> LowRankFactors {
    var basis = first
    var found = try basis.find()
    var reads = found.reads
    while !isWideEnough(found, basis) {
      let limit = min(basis.plan.rows, basis.plan.columns)
      basis.releaseTiles()
      basis = SVDBasis(
        plan: try basis.plan.widened(to: min(3 * basis.plan.width, limit), on: basis.world),
        input: basis.input, world: basis.world, clock: basis.clock,
        checkpoint: basis.checkpoint)
      found = try basis.find()
      reads += found.reads
    }
    var best: LowRankFactors?
    // Of squared errors: rounding adds to them, or takes from them, much the same at any size.
    var bias = 0.0
    for _ in 0..<Self.mostMeasurements where bias < tolerance * tolerance {
      let target = 0.9999 * (tolerance * tolerance - bias).squareRoot()
      var factors = try smallest(of: found, basis, below: target)
      let estimate = factors.error.estimate
      try basis.measure(&factors)
      reads += 1
      let error = factors.error.relativeError
      if error <= tolerance { best = factors }
      if best != nil, error > Self.closeEnough * tolerance { break }
      bias = error * error - estimate * estimate
    }
    if var best {
      best.reads = reads
      return best
    }
    try first.world.fail(
      PlanError(
        "the measured error stays above the tolerance of \(tolerance); ask for a larger one"))
  }

  private var tolerance: Double { first.plan.rule.tolerance ?? 1 }
  private static let mostMeasurements = 4
  /// Of the tolerance: not worth another read.
  private static let closeEnough = 0.95

  /// Whether more columns of the sketch could not make the factors smaller: nearly a tenth of the
  /// components were caught for nothing.
  private func isWideEnough(_ found: borrowing SVDBasis.Found, _ basis: SVDBasis) -> Bool {
    let all = min(basis.plan.rows, basis.plan.columns)
    let caught = found.form.values.count
    // Fewer directions than columns: A has no more.
    if basis.plan.width == all || caught < basis.plan.width { return true }
    let squared = tolerance * tolerance * found.form.energy
    return found.form.tail < squared && found.allocation.rank * 10 <= caught * 9
  }

  /// The smallest factors whose estimated error is below `target`, to half a percent of their size.
  private func smallest(
    of found: borrowing SVDBasis.Found, _ basis: SVDBasis, below target: Double
  ) throws -> LowRankFactors {
    let (n, d) = (basis.plan.rows, basis.plan.columns)
    let energies = found.form.values.map { $0 * $0 }
    func attempt(_ bytes: Int) throws -> LowRankFactors {
      let allocation = try basis.shared {
        guard
          let allocation = BitAllocation.leastError(
            energies: energies, rows: n, columns: d, bytes: bytes)
        else { return BitAllocation(rank: 1, leftBits: 1, rightBits: 1) }
        return allocation
      }
      return try basis.factors(of: found, allocation: allocation)
    }
    let start = found.allocation.byteCount(rows: n, columns: d)
    let most = BitAllocation(
      rank: energies.count, leftBits: DistortionTable.mostBits,
      rightBits: DistortionTable.mostBits
    ).byteCount(rows: n, columns: d)
    var low = 0
    var high: (bytes: Int, factors: LowRankFactors)?
    var bytes = start
    var growth = 0.02
    while true {
      let factors = try attempt(bytes)
      if factors.error.estimate <= target {
        high = (bytes, factors)
      } else {
        low = bytes
        guard bytes < most else {
          try basis.world.fail(
            PlanError(
              "a relative error of \(tolerance) cannot be reached, \(factors.error.estimate.short) "
                + "can, with \(energies.count) components of \(DistortionTable.mostBits) bits"))
        }
      }
      guard let high else {
        bytes = min(most, bytes + max(n + d, Int(growth * Double(bytes))))
        growth *= 2
        continue
      }
      if high.bytes - low <= max(high.bytes / 200, min(n, d)) { return high.factors }
      bytes =
        low > 0
        ? (low + high.bytes) / 2 : max(1, high.bytes - max(n + d, Int(growth * Double(high.bytes))))
      if low == 0 { growth *= 2 }
    }
  }
}
