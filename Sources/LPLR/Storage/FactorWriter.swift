// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// Writes the factors of one matrix, every rank its own rows.
struct FactorWriter {
  let file: ParallelFile
  let plan: CompressionPlan
  let input: InputMatrix
  let world: Communicator

  /// Writes the codes and, when all is on disk, the small parts and the attributes. Collective.
  func write(_ factors: LowRankFactors) throws {
    let group = input.datasetPath
    let (n, d) = (plan.rows, plan.columns)
    // In the file, left belongs to its rows.
    let isTransposed = input.axis == .rows
    let stored = isTransposed ? factors.transposed : factors
    let mine = (
      tiles: factors.grid.tiles.range(of: world.rank),
      panels: factors.grid.panels.range(of: world.rank)
    )
    let (leftRows, rightRows) = isTransposed ? (mine.panels, mine.tiles) : (mine.tiles, mine.panels)
    let (leftCount, rightCount) = isTransposed ? (d, n) : (n, d)
    try file.layOut([
      stored.left.dataset(FactorFormat.Side.left.codes(group), rows: leftCount),
      stored.right.dataset(FactorFormat.Side.right.codes(group), rows: rightCount),
    ])
    try world.agree {
      try stored.left.write(to: file, dataset: 0, firstRow: leftRows.lowerBound)
      try stored.right.write(to: file, dataset: 1, firstRow: rightRows.lowerBound)
    }
    try file.commit { parts in
      try add(stored.left.code, .left, to: parts)
      try add(stored.right.code, .right, to: parts)
      try addSharedCodebooks([stored.left.code, stored.right.code], to: parts)
      try addTables(stored, to: parts)
      try addAttributes(stored, to: parts)
    }
  }

  private func add(_ code: FactorCode, _ side: FactorFormat.Side, to parts: SmallParts) throws {
    let group = input.datasetPath
    try parts.add(code.packing.bits, at: side.bits(group))
    try parts.add(code.scales, at: side.scale(group))
    guard code.codebooksAreOwn else { return }
    for (bits, book) in code.codebooks.sorted(by: { $0.key < $1.key }) {
      try parts.add(book.levels, at: side.codebook(group, bits))
    }
  }

  private func addSharedCodebooks(_ codes: [FactorCode], to parts: SmallParts) throws {
    let shared = codes.filter { !$0.codebooksAreOwn }.flatMap(\.codebooks)
    let books = Dictionary(shared, uniquingKeysWith: { first, _ in first })
    for (bits, book) in books.sorted(by: { $0.key < $1.key }) {
      try parts.add(book.levels, at: FactorFormat.sharedCodebook(bits))
    }
  }

  private func addTables(_ stored: LowRankFactors, to parts: SmallParts) throws {
    guard !stored.spectrum.isEmpty else { return }
    try parts.add(
      stored.spectrum.map { Float($0) }, at: FactorFormat.singularValues(input.datasetPath))
    guard !stored.prefixErrors.isEmpty else { return }
    try parts.add(
      stored.prefixErrors.map { Float($0) }, at: FactorFormat.prefixErrors(input.datasetPath))
  }

  private func addAttributes(_ stored: LowRankFactors, to parts: SmallParts) throws {
    try parts.attach(
      [
        "format": .text(FactorFormat.name), "format_version": .integers([FactorFormat.version]),
        "creator": .text(FactorFormat.creator),
      ], to: "/")
    let shape = input.dataset.shape
    let bytes = stored.byteCount(rows: shape[0], columns: shape[1])
    let error = stored.error
    try parts.attach(
      [
        "shape": .integers(shape), "source_dtype": .text(input.dataset.typeName),
        "method": .text(plan.request.method.rawValue),
        "basis": .text(plan.request.basis.rawValue),
        "sketch": .text(plan.request.sketch.rawValue),
        "quantizer": .text(plan.request.quantizer.rawValue),
        "rank": .integers([stored.left.code.rank]),
        "seed": .integers([Int(truncatingIfNeeded: plan.request.seed)]),
        "block_axis": .text(input.axis.rawValue), "kernels": .text(BLAS.coreName),
        "bits_per_entry": .number(8 * Double(bytes) / (Double(shape[0]) * Double(shape[1]))),
        "relative_error": .number(error.relativeError),
        "error_kind": .text(error.kind.rawValue),
        "relative_error_bound": .number(error.bound),
        "truncation_error": .number(error.truncationError),
        "plain_quantization_error": .number(
          stored.plain.relativeError(
            bitsPerEntry: 8 * Double(bytes) / (Double(shape[0]) * Double(shape[1])))),
        "frobenius_norm": .number(error.norm),
        "complete": .integers([1]),
      ], to: input.datasetPath)
  }
}

extension QuantizedFactor {
  fileprivate func dataset(_ path: String, rows: Int) -> PlannedDataset {
    PlannedDataset(
      path: path, rows: rows, columns: code.packing.rowBytes, type: .uint8,
      hasBlockChecksums: true)
  }

  fileprivate func write(to file: ParallelFile, dataset: Int, firstRow: Int) throws {
    try bytes.withUnsafeBytes {
      guard !$0.isEmpty else { return }
      try file.write($0, dataset: dataset, offset: firstRow * code.packing.rowBytes)
    }
  }
}

extension LowRankFactors {
  /// Bytes of both factors of a matrix of that shape in the file.
  func byteCount(rows: Int, columns: Int) -> Int {
    FactorCode.byteCount(left.code, rows: rows, right.code, rows: columns)
  }
}

extension FactorCode {
  /// Bytes of two sides in the file: codes, scales, tables of bits and codebooks.
  static func byteCount(
    _ left: FactorCode, rows leftRows: Int, _ right: FactorCode, rows rightRows: Int
  ) -> Int {
    let shared = [left, right].filter { !$0.codebooksAreOwn }.flatMap(\.codebooks.keys)
    return left.byteCount(rows: leftRows) + right.byteCount(rows: rightRows)
      + Codebook.byteCount(of: shared)
  }

  private func byteCount(rows: Int) -> Int {
    let own = codebooksAreOwn ? Codebook.byteCount(of: codebooks.keys) : 0
    return rows * packing.rowBytes + rank * 5 + own
  }
}
