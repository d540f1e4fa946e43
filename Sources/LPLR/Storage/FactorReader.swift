// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
package import ParallelHDF5

/// The factors of a matrix in an open file.
package final class FactorReader {
  package let path: String
  /// The group of the matrix: its path in the file it came from.
  package let group: String
  /// n and d.
  package let rows: Int
  package let columns: Int
  /// How the rows of the two sides are coded.
  package let left: FactorCode
  package let right: FactorCode
  /// The attributes of the group.
  package let attributes: [String: AttributeValue]

  /// Singular values as far as they are known; empty in files that do not have them.
  package let singularValues: [Float]
  /// The relative error of the leading components by their number from 0, or empty.
  package let prefixErrors: [Float]

  private let leftCodes: ChecksummedRows
  private let rightCodes: ChecksummedRows
  private let identity: FileIdentity

  /// Opens a factor file; throws `InputError` if it is not one, not a finished one, or damaged in
  /// any part but the codes, which are checked as they are read.
  package init(path: String) throws {
    self.path = path
    identity = try FileIdentity(of: path)
    let file = try HDF5File(reading: path)
    let root = try file.attributes(of: "/")
    guard root["format"] == .text(FactorFormat.name) else {
      throw InputError.badData("\(path): is not a factor file (no attribute format = \"lplr\")")
    }
    guard root["format_version"] == .integers([FactorFormat.version]) else {
      throw InputError.badData(
        "\(path): has format version \(root["format_version"].map { "\($0)" } ?? "none"), this "
          + "program reads version \(FactorFormat.version)")
    }
    let suffix = FactorFormat.Side.left.codes("")
    guard let codes = try file.datasetPaths().first(where: { $0.hasSuffix(suffix) }) else {
      throw InputError.badData("\(path): holds no factors")
    }
    group = String(codes.dropLast(suffix.count))
    let name = "\(path):\(group)"
    attributes = try file.attributes(of: group)
    guard attributes["complete"] == .integers([1]) else {
      throw InputError.badData("\(name): was not finished (no attribute complete = 1)")
    }
    guard case .integers(let shape)? = attributes["shape"], shape.count == 2,
      shape.allSatisfy({ $0 > 0 }), Double(shape[0]) * Double(shape[1]) < 0x1p56
    else { throw InputError.badData("\(name): has no valid attribute shape") }
    (rows, columns) = (shape[0], shape[1])
    left = try Self.readCode(.left, of: group, in: file)
    right = try Self.readCode(.right, of: group, in: file)
    func table(_ path: String) throws -> [Float] {
      file.contains(path) ? try Self.expecting { try file.values(of: path) } : []
    }
    singularValues = try table(FactorFormat.singularValues(group))
    prefixErrors = try table(FactorFormat.prefixErrors(group))
    leftCodes = try Self.expecting { [group] in
      try ChecksummedRows(FactorFormat.Side.left.codes(group), in: file)
    }
    rightCodes = try Self.expecting { [group] in
      try ChecksummedRows(FactorFormat.Side.right.codes(group), in: file)
    }
    guard left.rank == right.rank else {
      throw InputError.badData(
        "\(name): left has \(left.rank) components, right has \(right.rank)")
    }
    try Self.check(leftCodes.dataset, rows: rows, left)
    try Self.check(rightCodes.dataset, rows: columns, right)
  }

  /// The number of components.
  package var rank: Int { left.rank }

  /// The relative error of the leading components, if the file says it.
  func relativeError(ofLeading components: Int) -> Double? {
    if components == rank, case .number(let error)? = attributes["relative_error"] { return error }
    return prefixErrors.count > components ? Double(prefixErrors[components]) : nil
  }

  /// Bytes of all parts of both factors.
  package var byteCount: Int { FactorCode.byteCount(left, rows: rows, right, rows: columns) }

  /// The values of some rows of `left` (rows.count x target.columns), the first components only if
  /// the target has fewer columns than there are.
  func readLeft(rows: Range<Int>, into target: MatrixView<Float>) throws {
    try read(leftCodes, left, rows: rows, into: target)
  }

  /// The values of some rows of `right`, which belong to columns of the matrix.
  func readRight(rows: Range<Int>, into target: MatrixView<Float>) throws {
    try read(rightCodes, right, rows: rows, into: target)
  }

  private func read(
    _ codes: ChecksummedRows, _ code: FactorCode, rows: Range<Int>, into target: MatrixView<Float>
  ) throws {
    let bytes = try codes.read(rows: rows)
    bytes.withUnsafeBufferPointer { code.decode($0, into: target) }
  }

  /// Whether the codes have checksums; the oldest files have none.
  package var areCodesChecked: Bool { leftCodes.areChecked && rightCodes.areChecked }

  /// Reads all codes and compares their checksums; throws `InputError` at the first damage.
  package func checkCodes() throws {
    try leftCodes.checkAll()
    try rightCodes.checkAll()
  }

  /// Throws if the file has changed since it was opened.
  func checkUnchanged() throws {
    guard try FileIdentity(of: path) == identity else {
      throw InputError.badData("\(path): has changed while it was read; nothing was written")
    }
  }

  private static func readCode(_ side: FactorFormat.Side, of group: String, in file: HDF5File)
    throws -> FactorCode
  {
    let (widths, scales) = try expecting {
      (try file.values(of: side.bits(group)), try file.values(of: side.scale(group)))
    }
    let bits = widths.compactMap { UInt8(exactly: $0) }
    guard bits.count == widths.count, bits.count == scales.count, bits.allSatisfy({ $0 <= 16 })
    else {
      throw InputError.badData(
        "\(file.path):\(side.bits(group)): \(widths.count) components of at most 16 bits expected, "
          + "\(scales.count) scales found")
    }
    var books: [Int: Codebook] = [:]
    var own = false
    for b in Set(bits.map(Int.init)).subtracting([0]) {
      let ownPath = side.codebook(group, b)
      own = own || file.contains(ownPath)
      let path = file.contains(ownPath) ? ownPath : FactorFormat.sharedCodebook(b)
      let levels = try expecting { try file.values(of: path) }
      guard levels.count == 1 << b else {
        throw InputError.badData(
          "\(file.path):\(path): has \(levels.count) levels, expected \(1 << b)")
      }
      books[b] = Codebook(bits: b, levels: levels)
    }
    return FactorCode(bits: bits, scales: scales, codebooks: books, codebooksAreOwn: own)
  }

  /// Opens or reads a part that every factor file has: if that fails, the file is not one.
  private static func expecting<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as HDF5Error where !error.isOfSystem {
      throw InputError.badData("\(error)")
    }
  }

  private static func check(_ codes: Dataset, rows: Int, _ code: FactorCode) throws {
    let expected = [rows, code.packing.rowBytes]
    guard codes.shape == expected else {
      throw InputError.badData("\(codes.name): has shape \(codes.shape), expected \(expected)")
    }
  }
}
