// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct PlainQuantizationTests {
  @Test func ofNormalNumbersIsTheTable() {
    let block = Matrix<Float>(rows: 64, columns: 4096, repeating: 0)
    let random = Philox(seed: 1, stream: 1)
    for (index, row) in block.view.storedRows.enumerated() {
      random.fillNormal(row, index: index)
      // Each row has a scale of its own.
      for column in row.indices { row[column] *= Float(index + 1) }
    }
    var plain = PlainQuantization()
    plain.add(block.view)
    for (bits, error) in [
      (1.0, 0.3634), (2, 0.1175), (4, 0.009497), (6, 0.000_66), (8, 4.1e-5),
      (12, 4.1e-5 / 256),
    ] {
      let measured = plain.relativeError(bitsPerEntry: bits)
      #expect(abs(measured * measured / error - 1) < 0.08, "\(bits) bits")
    }
    // Half of the rows in one bit, half in none.
    let half = plain.relativeError(bitsPerEntry: 0.5)
    let one = plain.relativeError(bitsPerEntry: 1)
    #expect(abs(half * half - (1 + one * one) / 2) < 1e-9)
  }

  @Test func twoValuesNeedOneBit() {
    let block = Matrix<Float>(rows: 40, columns: 500, repeating: 3)
    for row in block.view.storedRows {
      for column in stride(from: 0, to: 500, by: 2) { row[column] = -1 }
    }
    var plain = PlainQuantization()
    plain.add(block.view)
    #expect(plain.relativeError(bitsPerEntry: 1) < 0.01)
  }
}
