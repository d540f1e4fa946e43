// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import LPLR

/// Files of every version of the format that was ever released decode to the same bytes for ever.
///
/// The digests were computed with NumPy when the files were made. Never replace a file: add one.
@Suite(.serialized) struct GoldenFileTests {
  struct Golden: CustomTestStringConvertible, Sendable {
    let name: String
    let rows: Int
    let columns: Int
    let rank: Int
    let digest: UInt64
    var testDescription: String { name }
  }

  static let files = [
    // Bits by component, without and with the checksums that were added to version 1.
    Golden(name: "svd", rows: 90, columns: 70, rank: 32, digest: 0xbbd1_f33d_a2de_3070),
    Golden(name: "svd-checksums", rows: 90, columns: 70, rank: 32, digest: 0xbbd1_f33d_a2de_3070),
    // As published: codebooks beside the codes.
    Golden(name: "sketch", rows: 90, columns: 70, rank: 9, digest: 0x3b91_415c_7c8a_6168),
    Golden(name: "sketch-checksums", rows: 90, columns: 70, rank: 9, digest: 0x3b91_415c_7c8a_6168),
    // Components of 13 bits, which cross three bytes.
    Golden(name: "wide", rows: 130, columns: 110, rank: 4, digest: 0x12aa_eb59_64e7_10ce),
    Golden(name: "wide-checksums", rows: 130, columns: 110, rank: 4, digest: 0x12aa_eb59_64e7_10ce),
  ]

  @Test(arguments: files) func decodesToTheSameBytes(golden: Golden) throws {
    prepareLibraries()
    let path = try #require(
      Bundle.module.path(forResource: golden.name, ofType: "lplr.h5", inDirectory: "Golden"))
    let factors = try FactorReader(path: path)
    #expect(factors.rows == golden.rows && factors.columns == golden.columns)
    #expect(factors.rank == golden.rank)
    #expect(factors.areCodesChecked == golden.name.hasSuffix("-checksums"))
    let left = Matrix<Float>(rows: golden.rows, columns: golden.rank, repeating: 0)
    let right = Matrix<Float>(rows: golden.columns, columns: golden.rank, repeating: 0)
    try factors.readLeft(rows: 0..<golden.rows, into: left.rows(0..<golden.rows))
    try factors.readRight(rows: 0..<golden.columns, into: right.rows(0..<golden.columns))
    #expect(digest(Array(left.elements) + Array(right.elements)) == golden.digest)
  }
}
