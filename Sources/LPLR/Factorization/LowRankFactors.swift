// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A ~ left right^T, in codes: this rank's rows of both factors, and the error of the whole.
struct LowRankFactors {
  var left: QuantizedFactor
  var right: QuantizedFactor
  var error: ErrorFigure
  /// Singular values of A as far as they are known, descending; empty for the published method.
  let spectrum: [Double]
  /// The relative error of the leading components, by their number from 0; empty if not known.
  let prefixErrors: [Double]
  /// What plain quantization does to a sample of A.
  let plain: PlainQuantization
  /// How often A was read.
  var reads: Int
  /// Whose rows and columns these are.
  let grid: MatrixGrid
  /// The measured error of each column block; nil if it was not measured.
  var blocks: BlockErrors?

  /// The factors of the transposed matrix.
  var transposed: LowRankFactors {
    var result = self
    swap(&result.left, &result.right)
    return result
  }
}

/// A rank's rows of a factor, as they stand in the file.
struct QuantizedFactor {
  let code: FactorCode
  /// `code.packing.rowBytes` bytes a row.
  let bytes: [UInt8]

  init(code: FactorCode, bytes: [UInt8]) {
    self.code = code
    self.bytes = bytes
  }

  /// The values of some of these rows.
  func decode(_ rows: Range<Int>, into target: MatrixView<Float>) {
    let rowBytes = code.packing.rowBytes
    bytes.withUnsafeBufferPointer {
      code.decode(
        UnsafeBufferPointer(
          rebasing: $0[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]), into: target)
    }
  }

  /// Quantizes a factor and overwrites it by what its codes stand for. Collective.
  init(
    quantizing factor: borrowing Matrix<Float>, with quantizer: any Quantizer, bits: [UInt8],
    on world: Communicator
  ) throws {
    code = try quantizer.fit(factor.view, bits: bits, on: world)
    bytes = code.encode(factor.view)
    bytes.withUnsafeBufferPointer { code.decode($0, into: factor.view) }
  }
}
