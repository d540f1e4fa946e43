// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A ~ left right^T, in codes: this rank's rows of both factors, and the error of the whole.
struct LowRankFactors {
  let left: QuantizedFactor
  let right: QuantizedFactor
  let certificate: Certificate

  /// The factors of the transposed matrix.
  var transposed: LowRankFactors {
    LowRankFactors(left: right, right: left, certificate: certificate)
  }
}

/// A rank's rows of a factor, as they stand in the file.
struct QuantizedFactor {
  let code: FactorCode
  /// `code.packing.rowBytes` bytes a row.
  let bytes: [UInt8]

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
