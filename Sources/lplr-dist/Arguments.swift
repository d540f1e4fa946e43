// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import ParallelHDF5

extension BasisKind: ExpressibleByArgument {}
extension MethodKind: ExpressibleByArgument {}
extension SketchKind: ExpressibleByArgument {}
extension QuantizerKind: ExpressibleByArgument {}
extension BlockAxis: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}

/// A number of bytes: 256M, 4G, 1048576.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    var digits = argument.uppercased()
    if digits.hasSuffix("B") { digits.removeLast() }
    if digits.hasSuffix("I") { digits.removeLast() }
    var shift = 0
    if let last = digits.last, let unit = units[last] {
      digits.removeLast()
      shift = unit
    }
    guard let number = Double(digits), number > 0, number * Double(1 << shift) < 0x1p60 else {
      return nil
    }
    bytes = Int(number * Double(1 << shift))
  }
}

/// A shape: 20000x500.
struct MatrixShape: ExpressibleByArgument {
  let rows: Int
  let columns: Int

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let rows = parts[0], let columns = parts[1], rows > 0, columns > 0,
      rows < 1 << 48, columns < 1 << 48
    else { return nil }
    self.rows = rows
    self.columns = columns
  }
}

/// A half-open range: 100:200, from 100 to 199.
struct IndexRange: ExpressibleByArgument {
  let range: Range<Int>

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let lower = parts[0], let upper = parts[1], lower >= 0, lower < upper
    else { return nil }
    range = lower..<upper
  }
}

/// A matrix to generate.
struct KindArgument: ExpressibleByArgument {
  let kind: MatrixKind

  init?(argument: String) {
    guard let kind = MatrixKind(argument) else { return nil }
    self.kind = kind
  }
}
