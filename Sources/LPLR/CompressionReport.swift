// SPDX-License-Identifier: Apache-2.0

/// What a finished compression has to say.
package struct CompressionReport: Sendable {
  /// Shape, type and bytes of the values of the matrix in the file.
  package let shape: (rows: Int, columns: Int)
  package let sourceType: String
  package let sourceBytes: Int
  package let choice: RankAndBits
  package let axis: BlockAxis
  /// Bytes of the factors.
  package let factorBytes: Int
  package let certificate: Certificate
  package let times: StageTimes
  package let ranks: Int

  /// The summary, one figure a line.
  package var text: String {
    let entries = Double(shape.rows) * Double(shape.columns)
    let error =
      switch certificate.kind {
      case .exact: "\(certificate.relativeError.short) (exact)"
      case .bound: "at most \(certificate.relativeError.short) (a bound: too small to be resolved)"
      }
    return """
      matrix          \(shape.rows) x \(shape.columns), \(sourceType)
      rank            \(choice.rank)
      bits            \(choice.leftBits) left, \(choice.rightBits) right
      bytes           \(sourceBytes) in, \(factorBytes) out
      ratio           \((Double(sourceBytes) / Double(max(factorBytes, 1))).short)
      bits per entry  \((8 * Double(factorBytes) / entries).short)
      relative error  \(error)
      truncation      \(certificate.truncationError.short)
      seconds         \(times.text)
      ranks           \(ranks), the slowest is rank \(times.slowestRank)
      """
  }
}

extension StageTimes {
  /// The stages on one line.
  package var text: String {
    "\(total.short) (reading \(reading.short), computing \(computing.short), communicating "
      + "\(communicating.short), writing \(writing.short))"
  }
}

extension Double {
  /// Four significant digits.
  package var short: String {
    guard self != 0, isFinite else { return self == 0 ? "0" : "\(self)" }
    var magnitude = 0
    var scaled = Swift.abs(self)
    while scaled >= 10 { (scaled, magnitude) = (scaled / 10, magnitude + 1) }
    while scaled < 1 { (scaled, magnitude) = (scaled * 10, magnitude - 1) }
    guard (-5...9).contains(magnitude) else {
      let rounded = (scaled * 1000).rounded() / 1000
      if rounded == 10 { return "\(self < 0 ? "-" : "")1.0e\(magnitude + 1)" }
      return "\(self < 0 ? "-" : "")\(rounded)e\(magnitude)"
    }
    let digits = max(0, 3 - magnitude)
    let unit = (0..<digits).reduce(1.0) { value, _ in value * 10 }
    let text = "\((self * unit).rounded() / unit)"
    return digits == 0 ? String(text.dropLast(2)) : text
  }
}
