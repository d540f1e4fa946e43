// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// A rule that chooses scales and codebooks for a factor whose rows are spread over the ranks.
protocol Quantizer {
  /// The code for `factor` (this rank's rows x r) with `bits` for each component. The same on every
  /// rank and for any distribution of the rows. Collective.
  func fit(_ factor: MatrixView<Float>, bits: [UInt8], on world: Communicator) throws -> FactorCode
}

/// The quantizers that ship; the only place where they are chosen.
package enum QuantizerKind: String, CaseIterable, Sendable {
  /// Lloyd-Max levels of the normal distribution, with the best scale for each component.
  case lloyd
  /// Evenly spaced levels around zero, with the best scale for each component.
  case uniform
  /// Evenly spaced levels between the least and the largest element of a factor, as published.
  case minmax

  var quantizer: any Quantizer {
    switch self {
    case .lloyd: ScaledQuantizer(codebook: Codebook.normal)
    case .uniform: ScaledQuantizer(codebook: Codebook.symmetric)
    case .minmax: MinMaxQuantizer()
    }
  }
}

/// The published quantizer: 2^b levels evenly on [least, largest] of the whole factor, both ends
/// included, nearest level (Saha et al. 2023, section 2; as in the authors' code, without dither).
struct MinMaxQuantizer: Quantizer {
  func fit(_ factor: MatrixView<Float>, bits: [UInt8], on world: Communicator) throws -> FactorCode
  {
    var least = Float.infinity
    var largest = -Float.infinity
    for row in factor.storedRows {
      for value in row {
        least = min(least, value)
        largest = max(largest, value)
      }
    }
    least = try world.allReduce(least, .min)
    largest = try world.allReduce(largest, .max)
    let used = Set(bits.map(Int.init)).subtracting([0])
    let books = used.map {
      ($0, Codebook.uniform(bits: $0, from: Double(least), to: Double(largest)))
    }
    return FactorCode(
      bits: bits, scales: bits.map { _ in 1 }, codebooks: Dictionary(uniqueKeysWithValues: books),
      codebooksAreOwn: true)
  }
}
