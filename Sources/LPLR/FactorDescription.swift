// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ParallelHDF5

/// What `lplr-dist info` says of a factor file. The names of the coded keys are those of the
/// attributes in the file, and stay.
package struct FactorDescription: Encodable, Sendable {
  /// The path of the matrix in the file it came from.
  let dataset: String
  let shape: [Int]
  let source_dtype: String?
  let method: String?
  let basis: String?
  let sketch: String?
  let quantizer: String?
  let block_axis: String?
  let seed: Int?
  let rank: Int
  /// Bits of each component.
  let left_bits: [Int]
  let right_bits: [Int]
  /// Bytes of the factors.
  let bytes: Int
  let bits_per_entry: Double
  let relative_error: Double?
  let error_kind: String?
  let frobenius_norm: Double?

  package init(of factors: FactorReader) {
    func text(_ name: String) -> String? {
      if case .text(let value)? = factors.attributes[name] { value } else { nil }
    }
    func number(_ name: String) -> Double? {
      if case .number(let value)? = factors.attributes[name] { value } else { nil }
    }
    dataset = factors.group
    shape = [factors.rows, factors.columns]
    source_dtype = text("source_dtype")
    method = text("method")
    basis = text("basis")
    sketch = text("sketch")
    quantizer = text("quantizer")
    block_axis = text("block_axis")
    seed = factors.attributes["seed"]?.integer
    rank = factors.rank
    left_bits = factors.left.packing.bits.map(Int.init)
    right_bits = factors.right.packing.bits.map(Int.init)
    bytes = factors.byteCount
    bits_per_entry = 8 * Double(bytes) / (Double(factors.rows) * Double(factors.columns))
    relative_error = number("relative_error")
    error_kind = text("error_kind")
    frobenius_norm = number("frobenius_norm")
  }

  /// One object, keys in alphabetical order.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// One figure a line.
  package var text: String {
    let kind = error_kind.map { " (\($0))" } ?? ""
    let how = [method, basis, sketch, quantizer].compactMap { $0 }.joined(separator: ", ")
    return """
      dataset         \(dataset)
      matrix          \(shape[0]) x \(shape[1]), \(source_dtype ?? "unknown type")
      method          \(how), seed \(seed ?? 0), blocks of \(block_axis ?? "columns")
      rank            \(rank)
      bits            \(left_bits.inRuns) left, \(right_bits.inRuns) right
      bytes           \(bytes)
      bits per entry  \(bits_per_entry.short)
      relative error  \(relative_error?.short ?? "unknown")\(kind)
      norm            \(frobenius_norm?.short ?? "unknown")
      """
  }
}
