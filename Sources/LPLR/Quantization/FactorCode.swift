// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// How the rows of a factor are coded: value = scale[i] * codebook(b_i)[code] for component i.
package struct FactorCode: Sendable {
  /// Bits of each component; 0 means that it is left out.
  package let packing: BitPacking
  /// The scale of each component.
  package let scales: [Float]
  /// A codebook for each number of bits in use.
  package let codebooks: [Int: Codebook]
  /// Whether the codebooks depend on the data, and so stand beside the codes in the file.
  package let codebooksAreOwn: Bool

  package init(
    bits: [UInt8], scales: [Float], codebooks: [Int: Codebook], codebooksAreOwn: Bool
  ) {
    precondition(bits.count == scales.count)
    packing = BitPacking(bits: bits)
    self.scales = scales
    self.codebooks = codebooks
    self.codebooksAreOwn = codebooksAreOwn
  }

  /// The number of components.
  package var rank: Int { scales.count }

  /// Codes of the rows of a factor (k x rank), as `k * rowBytes` bytes.
  package func encode(_ factor: MatrixView<Float>) -> [UInt8] {
    precondition(factor.columns == rank)
    // In double precision: the inverse of a small float32 is infinite.
    let inverse = scales.map { $0 > 0 ? 1 / Double($0) : 0 }
    let books = packing.bits.map { codebooks[Int($0)] }
    var bytes = [UInt8](repeating: 0, count: factor.rows * packing.rowBytes)
    bytes.withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for (index, row) in factor.storedRows.enumerated() {
        packing.pack(into: base + index * packing.rowBytes) { component in
          books[component]?.code(of: Float(Double(row[component]) * inverse[component])) ?? 0
        }
      }
    }
    return bytes
  }

  /// The values of coded rows, `rows * rowBytes` bytes, into a matrix of rows x components; the
  /// first components only, if the matrix has fewer columns.
  package func decode(_ bytes: UnsafeBufferPointer<UInt8>, into factor: MatrixView<Float>) {
    precondition(bytes.count >= factor.rows * packing.rowBytes && factor.columns <= rank)
    guard let base = bytes.baseAddress, factor.columns > 0 else { return }
    // One table of values for each component, one after the other.
    var starts: [Int] = []
    var values: [Float] = []
    for component in 0..<factor.columns {
      starts.append(values.count)
      let levels = codebooks[Int(packing.bits[component])]?.levels ?? [0]
      values += levels.map { $0 * scales[component] }
    }
    values.withUnsafeBufferPointer { values in
      starts.withUnsafeBufferPointer { starts in
        for (index, row) in factor.storedRows.enumerated() {
          packing.unpack(base + index * packing.rowBytes, components: factor.columns) {
            row[$0] = values[starts[$0] + $1]
          }
        }
      }
    }
  }
}
