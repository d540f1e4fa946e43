// SPDX-License-Identifier: Apache-2.0

/// All that decides the factors of a matrix, apart from its values, and the memory to do it in.
package struct CompressionRequest: Sendable {
  package var rankRule = RankRule()
  package var basis = BasisKind.svd
  /// Reads of A beyond two, each of which sharpens the basis; nil: as many as pay (`svd` only).
  package var powerIterations: Int?
  /// Columns of the basis; nil: what rank and size need (not for `sketch`).
  package var width: Int?
  /// Whether the error is measured by one more read of A.
  package var certifies = false
  package var method = MethodKind.lplr
  /// nil: what suits the basis.
  package var sketchKind: SketchKind?
  package var quantizer = QuantizerKind.lloyd
  package var seed: UInt64 = 0
  package var axis = BlockAxis.columns
  /// Bytes that a rank may use besides the program and its libraries; nil: half of its share of the
  /// node's memory, and nothing is kept of what the page cache keeps.
  package var memory: Int?

  package init() {}

  package var sketch: SketchKind { sketchKind ?? (basis == .sketch ? .signs : .sparse) }
}

/// The ways to find a basis of the range; the only place where they are chosen.
package enum BasisKind: String, CaseIterable, Sendable {
  /// Singular directions, with bits by component and refined factors.
  case svd
  /// The quantized sketch itself, as published.
  case sketch
  /// Singular directions by ScaLAPACK, for matrices that fit into the memory of the job.
  case exact
}

/// What is done with a basis of singular directions.
package enum MethodKind: String, CaseIterable, Sendable {
  /// Factors are solved against each other's codes.
  case lplr
  /// Both factors are quantized by themselves, as in the published direct-SVD method.
  case dsvd
}
