// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ParallelHDF5

/// What `lplr-dist info` says of a factor file.
///
/// In JSON, the names in snake case are those of the attributes in the file; they stay.
package struct FactorDescription: Encodable, Sendable {
  /// The path of the matrix in the file it came from.
  let dataset: String
  let shape: [Int]
  let sourceDtype: String?
  let method: String?
  let basis: String?
  let sketch: String?
  let quantizer: String?
  let blockAxis: String?
  let seed: Int?
  let rank: Int
  /// Bits of each component.
  let leftBits: [Int]
  let rightBits: [Int]
  /// Bytes of the factors.
  let bytes: Int
  let bitsPerEntry: Double
  let relativeError: Double?
  let errorKind: String?
  /// The error is not above this.
  let relativeErrorBound: Double?
  /// What the choice of the basis alone loses.
  let truncationError: Double?
  /// The error of plain quantization in as many bits, on a sample.
  let plainQuantizationError: Double?
  let frobeniusNorm: Double?
  /// Singular values as far as they are known, and the relative error of the leading components by
  /// their number from 0; empty if not known.
  let singularValues: [Float]
  let prefixError: [Float]

  package init(of factors: FactorReader) {
    func text(_ name: String) -> String? {
      if case .text(let value)? = factors.attributes[name] { value } else { nil }
    }
    func number(_ name: String) -> Double? {
      if case .number(let value)? = factors.attributes[name] { value } else { nil }
    }
    dataset = factors.group
    shape = [factors.rows, factors.columns]
    sourceDtype = text("source_dtype")
    method = text("method")
    basis = text("basis")
    sketch = text("sketch")
    quantizer = text("quantizer")
    blockAxis = text("block_axis")
    seed = factors.attributes["seed"]?.integer
    rank = factors.rank
    leftBits = factors.left.packing.bits.map(Int.init)
    rightBits = factors.right.packing.bits.map(Int.init)
    bytes = factors.byteCount
    bitsPerEntry = 8 * Double(bytes) / (Double(factors.rows) * Double(factors.columns))
    relativeError = number("relative_error")
    errorKind = text("error_kind")
    frobeniusNorm = number("frobenius_norm")
    relativeErrorBound = number("relative_error_bound")
    truncationError = number("truncation_error")
    plainQuantizationError = number("plain_quantization_error")
    singularValues = factors.singularValues
    prefixError = factors.prefixErrors
  }

  /// One object, keys in alphabetical order.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// One figure a line, then one line for some of the components.
  package var text: String {
    let kind = errorKind.map { " (\($0))" } ?? ""
    let how = [("basis", basis), ("sketch", sketch), ("quantizer", quantizer)]
      .compactMap { label, value in value.map { ", \(label) \($0)" } }.joined()
    return """
      dataset         \(dataset)
      matrix          \(shape[0]) x \(shape[1]), \(sourceDtype ?? "unknown type")
      method          \(method ?? "unknown")\(how)
      seed            \(seed ?? 0)
      block axis      \(blockAxis ?? "columns")
      rank            \(rank)
      bits            \(leftBits.inRuns) left, \(rightBits.inRuns) right
      bytes           \(bytes)
      bits per entry  \(bitsPerEntry.short)
      relative error  \(relativeError?.short ?? "unknown")\(kind)
      at most         \(relativeErrorBound?.short ?? "unknown")
      truncation      \(truncationError?.short ?? "unknown") by the choice of the basis alone
      plain           \(plainQuantizationError?.short ?? "unknown") by quantization alone
      norm            \(frobeniusNorm?.short ?? "unknown")
      """ + componentTable
  }

  /// The components 1, 2, 4, 8, ... and the last: singular value, bits, and the error of all
  /// components up to this one.
  private var componentTable: String {
    guard prefixError.count == rank + 1, singularValues.count >= rank, rank > 0 else { return "" }
    var shown = sequence(first: 1) { $0 * 2 }.prefix { $0 < rank } + [rank]
    if shown.count > 1, shown[shown.count - 2] == rank { shown.removeLast() }
    let rows = shown.map { component in
      [
        "\(component)", Double(singularValues[component - 1]).short,
        "\(leftBits[component - 1])", "\(rightBits[component - 1])",
        Double(prefixError[component]).short,
      ]
    }
    let table = [["component", "singular value", "left", "right", "error up to it"]] + rows
    return table.map { row in
      "\n"
        + zip(row, [9, 16, 6, 6, 16]).map { cell, width in
          String(repeating: " ", count: max(0, width - cell.count)) + cell
        }.joined()
    }.joined()
  }
}
