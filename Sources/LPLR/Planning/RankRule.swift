// SPDX-License-Identifier: Apache-2.0

/// How many components are kept, and the bits of each in the two factors.
package struct RankAndBits: Equatable, Sendable {
  package let rank: Int
  package let leftBits: Int
  package let rightBits: Int
}

/// What the user asked for: any of rank, bits and size; the rule fills in the rest.
package struct RankRule: Equatable, Sendable {
  package var rank: Int?
  package var leftBits: Int?
  package var rightBits: Int?
  /// Bits of the factors for each entry of A.
  package var bitsPerEntry: Double?
  /// The largest relative error; the size follows (`svd` only).
  package var tolerance: Double?

  package init(
    rank: Int? = nil, leftBits: Int? = nil, rightBits: Int? = nil, bitsPerEntry: Double? = nil,
    tolerance: Double? = nil
  ) {
    self.rank = rank
    self.leftBits = leftBits
    self.rightBits = rightBits
    self.bitsPerEntry = bitsPerEntry
    self.tolerance = tolerance
  }

  /// Rank and bits for an n x d matrix. Throws ``PlanError``.
  ///
  /// - rank and bits: as they are;
  /// - bits, or nothing (then the quantizer's own bits): the largest rank within the size;
  /// - rank: the most bits, equal in both factors, within the size.
  package func resolve(rows n: Int, columns d: Int, quantizer: QuantizerKind) throws -> RankAndBits
  {
    try checkRanges(n, d)
    let wanted = bitsPerEntry ?? 1
    let budget = budget(n, d)
    func byteCount(_ rank: Int, _ left: Int, _ right: Int) -> Int {
      Self.byteCount(n, d, rank: rank, left, right)
        + quantizer.codebookBytes(left: left, right: right)
    }
    if let rank, leftBits == nil, rightBits == nil {
      let bits = (1...8).last { byteCount(rank, $0, $0) <= budget }
      guard let bits else {
        throw PlanError(
          "rank \(rank) at \(wanted) bits per entry of a \(n) x \(d) matrix: one bit for each "
            + "element of the factors takes \(byteCount(rank, 1, 1)) bytes, the "
            + "size allows \(budget); lower --rank or raise --bits-per-entry")
      }
      return RankAndBits(rank: rank, leftBits: bits, rightBits: bits)
    }
    let left = leftBits ?? rightBits ?? quantizer.usualBits
    let right = rightBits ?? leftBits ?? quantizer.usualBits
    if let rank {
      guard bitsPerEntry == nil else { throw Self.tooManyWishes }
      return RankAndBits(rank: rank, leftBits: left, rightBits: right)
    }
    var most = min(n, d)
    while most > 0, byteCount(most, left, right) > budget {
      // Sizes grow by a step every few components, so first jump close, then go down.
      let share = Double(budget) / Double(byteCount(most, left, right))
      most = min(most - 1, Int(Double(most) * share) + 8)
    }
    if most == 0 {
      // A matrix too small for any size still gets one component, unless a size was asked for.
      guard bitsPerEntry == nil else {
        throw PlanError(
          "\(wanted) bits per entry of a \(n) x \(d) matrix are \(budget) bytes, one component of "
            + "\(left) and \(right) bits takes \(byteCount(1, left, right))")
      }
      most = 1
    }
    return RankAndBits(rank: most, leftBits: left, rightBits: right)
  }

  /// Bytes of both factors on disk, apart from codebooks: codes, scales and tables of bits.
  static func byteCount(_ n: Int, _ d: Int, rank: Int, _ left: Int, _ right: Int) -> Int {
    n * ((rank * left + 7) / 8) + d * ((rank * right + 7) / 8) + 2 * rank * 5
  }

  // MARK: Bits by component

  /// Bits for each component of a known spectrum, descending squares of singular values. Throws
  /// ``PlanError``.
  ///
  /// - bits: the same for every component, and the rank as ``resolve(rows:columns:quantizer:)``;
  /// - a rank alone: the fewest bits that leave the error within a percent of that of the rank;
  /// - otherwise: what makes the error least within the size.
  func allocate(
    energies: [Double], energy: Double, rows n: Int, columns d: Int, quantizer: QuantizerKind
  ) throws -> BitAllocation {
    guard leftBits == nil, rightBits == nil else {
      let choice = try resolve(rows: n, columns: d, quantizer: quantizer)
      return BitAllocation(
        rank: min(choice.rank, energies.count), leftBits: choice.leftBits,
        rightBits: choice.rightBits)
    }
    let bytes = budget(n, d)
    // A matrix too small for any size still gets one component, unless a size was asked for.
    let smallest = BitAllocation(rank: rank ?? 1, leftBits: 1, rightBits: 1)
      .byteCount(rows: n, columns: d)
    let least = bitsPerEntry == nil ? smallest : 0
    let allocation = BitAllocation.leastError(
      energies: energies, rows: n, columns: d, bytes: max(bytes, least),
      rank: rank.map { min($0, energies.count) })
    guard let allocation else {
      throw PlanError(
        "\(bitsPerEntry ?? 1) bits per entry of a \(n) x \(d) matrix are \(bytes) bytes, "
          + "\(rank ?? 1) components take at least \(smallest)")
    }
    guard bitsPerEntry == nil, rank != nil else { return allocation }
    // Errors below the rounding of single precision are none.
    let tail = max(energy - energies.reduce(0, +), 1e-7 * energy)
    let truncated = tail + energies[allocation.rank...].reduce(0, +)
    let enough = BitAllocation.leastBytes(
      energies: energies, tail: tail, rows: n, columns: d,
      squaredError: Self.closeToTruncation * Self.closeToTruncation * truncated,
      rank: allocation.rank)
    let isSmaller =
      enough.byteCount(rows: n, columns: d) < allocation.byteCount(rows: n, columns: d)
    return isSmaller ? enough : allocation
  }

  private static let closeToTruncation = 1.01

  /// Columns of a basis that catches all components worth their bits.
  func basisWidth(rows n: Int, columns d: Int, asked: Int?, quantizer: QuantizerKind) throws
    -> Int
  {
    try checkRanges(n, d)
    if let asked, !(1...min(n, d)).contains(asked) {
      throw PlanError(
        "a basis of \(asked) columns for a \(n) x \(d) matrix: expected 1 to \(min(n, d))")
    }
    if tolerance != nil { return min(n, d, asked ?? Self.firstWidth) }
    let known =
      try leftBits != nil || rightBits != nil
      ? resolve(rows: n, columns: d, quantizer: quantizer).rank : rank
    // Components of one bit in both factors would fill the size; on all spectra tried, at most 0.6
    // of them are kept.
    let mostUseful = Int(Self.usefulShare * 8 * Double(budget(n, d)) / Double(n + d))
    let wanted = known ?? min(mostUseful, Self.widestBasis)
    let spare = max(16, known == nil ? wanted / 4 : min(wanted / 4, Self.mostSpare))
    return min(n, d, max(asked ?? wanted + spare, known ?? 1))
  }

  private static let usefulShare = 0.5
  /// Columns beyond a rank that is asked for: what they miss falls with their number, whatever the
  /// rank.
  private static let mostSpare = 32
  /// What a tolerance is tried with first.
  private static let firstWidth = 256
  /// A wider basis than this must be asked for: its cost grows with the width.
  private static let widestBasis = 2048

  static let leastTolerance = 2e-4

  private func budget(_ n: Int, _ d: Int) -> Int {
    Int(((bitsPerEntry ?? 1) * Double(n) * Double(d) / 8).rounded(.down))
  }

  private static var tooManyWishes: PlanError {
    PlanError("rank, bits and bits per entry are three wishes for two choices: drop one")
  }

  private func checkRanges(_ n: Int, _ d: Int) throws {
    guard Double(n) * Double(d) < 0x1p56 else {
      throw PlanError("a \(n) x \(d) matrix has too many entries: expected fewer than 2^56")
    }
    if let rank, !(1...min(n, d)).contains(rank) {
      throw PlanError("rank \(rank) of a \(n) x \(d) matrix: expected 1 to \(min(n, d))")
    }
    for bits in [leftBits, rightBits].compactMap({ $0 }) where !(1...8).contains(bits) {
      throw PlanError("\(bits) bits: expected 1 to 8")
    }
    if let tolerance {
      guard rank == nil, leftBits == nil, rightBits == nil, bitsPerEntry == nil else {
        throw PlanError("a tolerance decides rank, bits and size: drop the other options")
      }
      guard (Self.leastTolerance..<1).contains(tolerance) else {
        throw PlanError(
          "a tolerance of \(tolerance): expected \(Self.leastTolerance) to 1, as factors that are "
            + "computed in single precision reach no less")
      }
    }
    if let bitsPerEntry, !(0.001...64).contains(bitsPerEntry) {
      throw PlanError("\(bitsPerEntry) bits per entry: expected 0.001 to 64")
    }
  }
}

extension QuantizerKind {
  /// The bits that serve most matrices well at one bit per entry.
  var usualBits: Int {
    switch self {
    case .lloyd, .uniform: 4
    case .minmax: 8
    }
  }

  /// Bytes of all codebooks: one for each side, or one for each number of bits.
  func codebookBytes(left: Int, right: Int) -> Int {
    switch self {
    case .lloyd, .uniform: Codebook.byteCount(of: [left, right])
    case .minmax: Codebook.byteCount(of: [left]) + Codebook.byteCount(of: [right])
    }
  }
}
