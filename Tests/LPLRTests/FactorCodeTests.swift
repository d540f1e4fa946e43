// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct FactorCodeTests {
  @Test(arguments: 1...8) func uniformLevelsErrByHalfAStepAtMost(bits: Int) {
    let scales: [Float] = [1, 0.01, 3e20]
    let code = FactorCode(
      bits: [UInt8](repeating: UInt8(bits), count: 3), scales: scales,
      codebooks: [bits: .symmetric(bits: bits)], codebooksAreOwn: false)
    let factor = Matrix<Float>(rows: 50, columns: 3, repeating: 0)
    let random = Philox(seed: 1, stream: 3)
    for (index, row) in factor.view.storedRows.enumerated() {
      random.fillNormal(row, index: index)
      // Within the range of the levels.
      for j in 0..<3 { row[j] = max(-1, min(1, row[j] / 2)) * scales[j] }
    }
    let decoded = roundTrip(factor, code)
    let half = 1 / Float((1 << bits) - 1)
    for i in 0..<50 {
      for j in 0..<3 {
        #expect(abs(decoded[i, j] - factor[i, j]) <= scales[j] * half * 1.0001)
      }
    }
    // What is decoded stays as it is.
    let again = roundTrip(decoded, code)
    #expect(Array(again.elements) == Array(decoded.elements))
  }

  @Test func goldenBytes() {
    // 2 bits in component 0, none in component 1, 3 bits in component 2; levels -1, -1/3, 1/3, 1
    // and -1, -5/7 ... 1: codes 3 and 1, then 0 and 6.
    let code = FactorCode(
      bits: [2, 0, 3], scales: [10, 5, 7],
      codebooks: [2: .symmetric(bits: 2), 3: .symmetric(bits: 3)], codebooksAreOwn: false)
    let factor = Matrix<Float>(rows: 2, columns: 3, repeating: 0)
    for (index, value) in [9, 4, -5, -99, 4, 5.4].enumerated() {
      factor.elements[index] = Float(value)
    }
    #expect(code.packing.rowBytes == 1)
    #expect(code.encode(factor.view) == [0b1100_1000, 0b0011_0000])
    let decoded = roundTrip(factor, code)
    #expect(Array(decoded.elements) == [10, 0, -5, -10, 0, 5].map { Float($0) })
  }

  @Test func aPrefixOfTheComponentsIsDecodedAlone() {
    let code = FactorCode(
      bits: [8, 4, 1], scales: [1, 2, 3],
      codebooks: [8: .normal(bits: 8), 4: .normal(bits: 4), 1: .normal(bits: 1)],
      codebooksAreOwn: false)
    let bytes: [UInt8] = [0x12, 0x34, 0xfe, 0xdc]
    let whole = decode(bytes, rows: 2, columns: 3, code)
    for columns in 1...3 {
      let part = decode(bytes, rows: 2, columns: columns, code)
      for i in 0..<2 {
        for j in 0..<columns { #expect(part[i, j] == whole[i, j]) }
      }
    }
  }

  @Test func aComponentOfScaleZeroIsZero() {
    let code = FactorCode(
      bits: [4, 4], scales: [0, 0x1p-140], codebooks: [4: .normal(bits: 4)], codebooksAreOwn: false)
    let factor = Matrix<Float>(rows: 1, columns: 2, repeating: 0)
    let decoded = roundTrip(factor, code)
    #expect(decoded[0, 0] == 0)
    #expect(abs(decoded[0, 1]) < 0x1p-140)
  }

  @Test func bytesCountCodesScalesBitsAndCodebooks() {
    func code(own: Bool) -> FactorCode {
      FactorCode(
        bits: [3, 3, 3], scales: [1, 1, 1], codebooks: [3: .symmetric(bits: 3)],
        codebooksAreOwn: own)
    }
    func bytes(own: Bool) -> Int {
      FactorCode.byteCount(code(own: own), rows: 100, code(own: own), rows: 10)
    }
    // Two sides share a codebook, or have one each.
    #expect(bytes(own: false) == 110 * 2 + 2 * 3 * (4 + 1) + 8 * 4)
    #expect(bytes(own: true) == 110 * 2 + 2 * 3 * (4 + 1) + 2 * 8 * 4)
  }

  private func roundTrip(_ factor: borrowing Matrix<Float>, _ code: FactorCode) -> Matrix<Float> {
    decode(code.encode(factor.view), rows: factor.rows, columns: factor.columns, code)
  }

  private func decode(_ bytes: [UInt8], rows: Int, columns: Int, _ code: FactorCode)
    -> Matrix<Float>
  {
    let result = Matrix<Float>(rows: rows, columns: columns, repeating: -77)
    bytes.withUnsafeBufferPointer { code.decode($0, into: result.view) }
    return result
  }
}
