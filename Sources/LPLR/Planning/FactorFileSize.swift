// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

extension CompressionPlan {
  /// The factor file of this plan has no more bytes than this, which are reserved before A is read.
  ///
  /// With a tolerance nothing is known yet: what one bit an entry would take is the first guess.
  var factorFileBytes: Int {
    let entries = Double(rows) * Double(columns)
    var factors = Int(entries * (rule.bitsPerEntry ?? 1) / 8)
    if let choice = uniformBytes {
      factors = choice
    } else {
      // A matrix too small for any size still gets its components.
      let least = BitAllocation(rank: rule.rank ?? 1, leftBits: 1, rightBits: 1)
      factors = max(factors, least.byteCount(rows: rows, columns: columns))
    }
    let checksums = 4 * (factors / Self.leastChecksumBlock + 4)
    let spectrum = 4 * (2 * width + 2)
    return factors + checksums + spectrum + ParallelFile.overhead
  }

  /// A checksum is for at least so many bytes of codes, but for the last one.
  private static let leastChecksumBlock = 1 << 15

  /// The bytes of factors with the same bits for every component, if that is what is asked for.
  private var uniformBytes: Int? {
    guard rule.tolerance == nil,
      request.basis == .sketch || rule.leftBits != nil || rule.rightBits != nil,
      let choice = try? uniformChoice()
    else { return nil }
    return RankRule.byteCount(rows, columns, rank: choice.rank, choice.leftBits, choice.rightBits)
      + request.quantizer.codebookBytes(left: choice.leftBits, right: choice.rightBits)
  }
}
