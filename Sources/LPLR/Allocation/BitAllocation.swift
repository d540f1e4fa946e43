// SPDX-License-Identifier: Apache-2.0

/// Bits for each component of the two factors: the one place where rank and bits are decided.
struct BitAllocation: Equatable, Sendable {
  /// Bits of each kept component, non-increasing, at least 1.
  let left: [UInt8]
  let right: [UInt8]

  /// The number of kept components.
  var rank: Int { left.count }

  /// The same bits for every component.
  init(rank: Int, leftBits: Int, rightBits: Int) {
    left = [UInt8](repeating: UInt8(leftBits), count: rank)
    right = [UInt8](repeating: UInt8(rightBits), count: rank)
  }

  init(left: [UInt8], right: [UInt8]) {
    precondition(left.count == right.count)
    self.left = left
    self.right = right
  }

  /// Bytes of the factors of an n x d matrix on disk: codes, scales, tables of bits and codebooks.
  func byteCount(rows n: Int, columns d: Int) -> Int {
    n * BitPacking(bits: left).rowBytes + d * BitPacking(bits: right).rowBytes + 2 * 5 * rank
      + Codebook.byteCount(of: (left + right).map(Int.init))
  }

  /// The bits that make the error least within a number of bytes: reverse water-filling (Cover and
  /// Thomas, "Elements of Information Theory", section 10.3.3), with whole bits and whole bytes a
  /// row.
  ///
  /// Component i in b bits left and c bits right leaves sigma_i^2 (1 - (1 - D(b)) (1 - D(c))), and
  /// sigma_i^2 if it is dropped; errors add. For r components and k bytes a row of a factor, the
  /// bits of that factor follow exactly from one Lagrange multiplier, since D is convex. r and the
  /// bytes of a left row are searched, the bytes of a right row are what remains: so a short factor
  /// gets more bits. Precision by component after Amestoy et al., "Mixed precision low rank
  /// approximations and their application to block low rank LU factorization" (2023).
  ///
  /// Energies are sigma_i^2, descending; `rank` is how many components to keep, if that is decided.
  /// Returns nil if no component fits.
  static func leastError(
    energies: [Double], rows n: Int, columns d: Int, bytes: Int, rank: Int? = nil
  ) -> BitAllocation? {
    // A codebook of b bits takes 4 2^b bytes, so longer codes are a choice of their own: the longest
    // are tried from short to long, until they cost more than they help.
    var best: (error: Double, allocation: BitAllocation)?
    for most in 1...DistortionTable.mostBits {
      let books = Codebook.byteCount(of: 1...most)
      guard books < bytes || best == nil else { break }
      let search = Search(energies: energies, n: n, d: d, bytes: bytes - books, most: most)
      guard let found = search.best(rank: rank) else { continue }
      if let best, best.error < found.error * 0.9999 { break }
      if best.map({ found.error < $0.error }) ?? true { best = found }
    }
    return best?.allocation
  }

  /// The bits that take the fewest bytes for a squared error, tail included, that the table
  /// promises; the most bits for all components if they do not suffice.
  static func leastBytes(
    energies: [Double], tail: Double, rows n: Int, columns d: Int, squaredError: Double,
    rank: Int? = nil
  ) -> BitAllocation {
    let most = DistortionTable.mostBits
    let all = BitAllocation(rank: rank ?? energies.count, leftBits: most, rightBits: most)
    var low = 0
    var high = (all.byteCount(rows: n, columns: d), all)
    // To a thousandth of the size, or the row of bytes that is the least difference.
    while high.0 - low > max(1, min(high.0 / 1000, n, d)) {
      let bytes = low + (high.0 - low) / 2
      let candidate = leastError(
        energies: energies, rows: n, columns: d, bytes: bytes, rank: rank)
      if let candidate,
        tail + candidate.totalError(energies: energies) <= squaredError
      {
        high = (bytes, candidate)
      } else {
        low = bytes
      }
    }
    return high.1
  }

  /// The squared error that the table promises, of kept and dropped components.
  func totalError(energies: [Double]) -> Double {
    expectedError(energies: energies) + energies[rank...].reduce(0, +)
  }

  /// The squared error that the table promises, of these components alone.
  func expectedError(energies: [Double], table: DistortionTable = .refined) -> Double {
    zip(energies, zip(left, right)).reduce(0) { sum, component in
      let (energy, (b, c)) = component
      return sum + energy * (1 - (1 - table.values[Int(b)]) * (1 - table.values[Int(c)]))
    }
  }

  // MARK: Search

  private struct Search {
    let energies: [Double]
    let n: Int
    let d: Int
    let bytes: Int
    let table = DistortionTable.refined
    let gains = DistortionTable.refined.gains
    /// The longest codes.
    let most: Int
    /// The energy from each component on.
    private let tails: [Double]

    init(energies: [Double], n: Int, d: Int, bytes: Int, most: Int) {
      self.energies = energies
      (self.n, self.d, self.bytes, self.most) = (n, d, bytes, most)
      var tails = [0.0]
      for energy in energies.reversed() { tails.append((tails.last ?? 0) + energy) }
      self.tails = tails.reversed()
    }

    func best(rank: Int?) -> (error: Double, allocation: BitAllocation)? {
      var found: (error: Double, allocation: BitAllocation)?
      var known: [Int: Double] = [:]
      func error(_ leftBytes: Int) -> Double {
        if let error = known[leftBytes] { return error }
        let candidate = bestRank(leftBytes, fixed: rank)
        if let candidate, found.map({ candidate.error < $0.error }) ?? true { found = candidate }
        known[leftBytes] = candidate?.error ?? .infinity
        return known[leftBytes] ?? .infinity
      }
      _ = Self.descend(from: max(1, bytes / (n + d)), in: 1...max(1, bytes / n), error)
      return found
    }

    private func bestRank(_ leftBytes: Int, fixed: Int?) -> (
      error: Double, allocation: BitAllocation
    )? {
      if let fixed { return evaluate(leftBytes, rank: fixed) }
      let highest = min(energies.count, 8 * leftBytes)
      guard highest > 0 else { return nil }
      let rank = Self.descend(from: max(1, min(highest, 2 * leftBytes)), in: 1...highest) {
        evaluate(leftBytes, rank: $0)?.error ?? .infinity
      }
      return evaluate(leftBytes, rank: rank)
    }

    /// The least value of a function with one valley, by steps that halve.
    private static func descend(
      from start: Int, in range: ClosedRange<Int>, _ value: (Int) -> Double
    ) -> Int {
      var place = min(max(start, range.lowerBound), range.upperBound)
      // Where nothing fits, there is no slope to follow: less is what fits.
      while !value(place).isFinite, place > range.lowerBound {
        place = max(range.lowerBound, place * 3 / 4)
      }
      var step = max(1, range.count / 4)
      while step >= 1 {
        let candidates = [place, place - step, place + step].filter(range.contains)
        let best = candidates.min { value($0) < value($1) } ?? place
        if best == place { step /= 2 } else { place = best }
      }
      return place
    }

    private func evaluate(_ leftBytes: Int, rank: Int) -> (
      error: Double, allocation: BitAllocation
    )? {
      guard rank >= 1, rank <= energies.count else { return nil }
      let rightBytes = (bytes - 2 * 5 * rank - leftBytes * n) / d
      guard 8 * leftBytes >= rank, 8 * rightBytes >= rank,
        bytes - 2 * 5 * rank - leftBytes * n >= 0
      else { return nil }
      let allocation = BitAllocation(
        left: fill(rank, bits: 8 * leftBytes), right: fill(rank, bits: 8 * rightBytes))
      let error = allocation.expectedError(energies: energies, table: table) + tails[rank]
      return (error, allocation)
    }

    /// `bits` bits over the first `rank` components, from 1 to `most` each, where they help most: a
    /// component gets its b-th bit if that takes away more than a price.
    private func fill(_ rank: Int, bits: Int) -> [UInt8] {
      guard bits < most * rank else { return [UInt8](repeating: UInt8(most), count: rank) }
      // At the price `high` the bits fit, at `low` they do not.
      var high = energies[0] * gains[0]
      var low = high * 0x1p-200
      while high > low * 1.000001, high > 0 {
        let price = (low * high).squareRoot()
        if counts(above: price, rank).reduce(rank, +) <= bits { high = price } else { low = price }
      }
      var result = [Int](repeating: 1, count: rank)
      for count in counts(above: high, rank) {
        for component in 0..<count { result[component] += 1 }
      }
      // What remains goes to the best next bits, one by one.
      for _ in 0..<max(0, bits - result.reduce(0, +)) {
        let open = (0..<rank).filter { result[$0] < most }
        guard let best = open.max(by: { gain($0, result) < gain($1, result) }) else { break }
        result[best] += 1
      }
      return result.map { UInt8($0) }
    }

    /// How many of the first components get a second, third, ... bit at a price: energies descend,
    /// so these are the leading ones.
    private func counts(above price: Double, _ rank: Int) -> [Int] {
      gains[1..<most].map { gain in
        var (lower, upper) = (0, rank)
        while lower < upper {
          let middle = (lower + upper) / 2
          if energies[middle] * gain > price { lower = middle + 1 } else { upper = middle }
        }
        return lower
      }
    }

    private func gain(_ component: Int, _ bits: [Int]) -> Double {
      energies[component] * gains[bits[component]]
    }
  }
}
