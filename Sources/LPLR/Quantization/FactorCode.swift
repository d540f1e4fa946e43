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

  /// The codebooks as inner loops want them.
  let quantizers: ComponentQuantizers

  package init(
    bits: [UInt8], scales: [Float], codebooks: [Int: Codebook], codebooksAreOwn: Bool
  ) {
    precondition(bits.count == scales.count)
    packing = BitPacking(bits: bits)
    self.scales = scales
    self.codebooks = codebooks
    self.codebooksAreOwn = codebooksAreOwn
    quantizers = ComponentQuantizers(bits: bits, scales: scales, codebooks: codebooks)
  }

  /// The number of components.
  package var rank: Int { scales.count }

  /// No value is larger than this.
  var largestMagnitude: Double {
    zip(packing.bits, scales).reduce(0) { largest, component in
      let levels = codebooks[Int(component.0)]?.levels ?? [0]
      let top = max(abs(levels.first ?? 0), abs(levels.last ?? 0))
      return max(largest, Double(top) * Double(component.1))
    }
  }

  /// Codes of the rows of a factor (k x rank), as `k * rowBytes` bytes.
  package func encode(_ factor: MatrixView<Float>) -> [UInt8] {
    precondition(factor.columns == rank)
    var bytes = [UInt8](repeating: 0, count: factor.rows * packing.rowBytes)
    bytes.withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      quantizers.withTables { tables in
        for (index, row) in factor.storedRows.enumerated() {
          packing.pack(into: base + index * packing.rowBytes) { component in
            Int(tables.nearest(to: row[component], component: component).0)
          }
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
    quantizers.withTables { tables in
      for (index, row) in factor.storedRows.enumerated() {
        packing.unpack(base + index * packing.rowBytes, components: factor.columns) {
          row[$0] = tables.value(of: $1, component: $0)
        }
      }
    }
  }
}
