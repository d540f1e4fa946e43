// SPDX-License-Identifier: Apache-2.0

/// All that decides the factors of a matrix, apart from its values, and the memory to do it in.
package struct CompressionRequest: Sendable {
  package var rankRule = RankRule()
  package var sketch = SketchKind.signs
  package var quantizer = QuantizerKind.lloyd
  package var seed: UInt64 = 0
  package var axis = BlockAxis.columns
  /// Bytes that a rank may use besides the program and its libraries; nil: half of its share of the
  /// node's memory.
  package var memory: Int?

  package init() {}
}
