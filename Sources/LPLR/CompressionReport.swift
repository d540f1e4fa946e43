// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

/// What a finished compression has to say.
package struct CompressionReport: Sendable {
  /// Shape, type and bytes of the values of the matrix in the file.
  package let shape: (rows: Int, columns: Int)
  package let sourceType: String
  package let sourceBytes: Int
  /// Bits of each component.
  package let leftBits: [Int]
  package let rightBits: [Int]
  /// Bytes of the factors.
  package let factorBytes: Int
  package let error: ErrorFigure
  /// The relative error of plain quantization in as many bits an entry.
  package let plainError: Double
  /// How often the matrix was read.
  package let reads: Int
  package let times: StageTimes
  package let ranks: Int

  // What is for the report in JSON alone.
  let dataset: String
  let plan: CompressionPlan
  let axis: BlockAxis
  /// Singular values as far as they are known; errors of the leading components by their number.
  let spectrum: [Double]
  let prefixErrors: [Double]
  let blocks: BlockErrors?
  let timeline: Timeline

  /// Of the factors of the matrix as it stands in the file.
  init(
    input: InputMatrix, plan: CompressionPlan, factors: LowRankFactors, times: StageTimes,
    timeline: Timeline, ranks: Int
  ) {
    shape = (input.dataset.shape[0], input.dataset.shape[1])
    sourceType = input.dataset.typeName
    sourceBytes = shape.rows * shape.columns * input.dataset.elementByteCount
    leftBits = factors.left.code.packing.bits.map(Int.init)
    rightBits = factors.right.code.packing.bits.map(Int.init)
    factorBytes = factors.byteCount(rows: shape.rows, columns: shape.columns)
    error = factors.error
    plainError = factors.plain.relativeError(
      bitsPerEntry: 8 * Double(factorBytes) / (Double(shape.rows) * Double(shape.columns)))
    reads = factors.reads
    self.times = times
    self.ranks = ranks
    (dataset, self.plan, axis) = (input.datasetPath, plan, input.axis)
    (spectrum, prefixErrors, blocks) = (factors.spectrum, factors.prefixErrors, factors.blocks)
    self.timeline = timeline
  }

  /// The summary, one figure a line.
  package var text: String {
    let entries = Double(shape.rows) * Double(shape.columns)
    let verdict = plainError < error.relativeError ? ": low rank loses on this matrix" : ""
    return """
      matrix          \(shape.rows) x \(shape.columns), \(sourceType)
      rank            \(leftBits.count)
      bits            \(leftBits.inRuns) left, \(rightBits.inRuns) right
      bytes           \(sourceBytes) in, \(factorBytes) out
      ratio           \((Double(sourceBytes) / Double(max(factorBytes, 1))).short)
      bits per entry  \((8 * Double(factorBytes) / entries).short)
      relative error  \(errorText)
      truncation      \(error.truncationError.short) by the choice of the basis alone
      plain           \(plainError.short) by quantization alone at the same size\(verdict)
      reads           \(reads)
      seconds         \(times.text)
      ranks           \(ranks), the slowest is rank \(times.slowestRank)
      """
  }

  private var errorText: String {
    switch error.kind {
    case .exact: "\(error.relativeError.short) (exact)"
    case .estimate: "\(error.relativeError.short) (estimate; at most \(error.bound.short))"
    case .bound: "at most \(error.relativeError.short) (bound; too small to be resolved)"
    }
  }
}

extension [Int] {
  /// Runs of equal numbers in few words: 8 x 3, 4 x 61.
  package var inRuns: String {
    var runs: [(value: Int, count: Int)] = []
    for value in self {
      if let last = runs.last, last.value == value {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((value, 1))
      }
    }
    return runs.count == 1
      ? "\(runs[0].value)" : runs.map { "\($0.value) x \($0.count)" }.joined(separator: ", ")
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
