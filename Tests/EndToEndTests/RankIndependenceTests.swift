// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Same seed, same plan: the same factors, byte for byte.
@Suite struct RankIndependenceTests {
  /// 12 tiles and 10 panels.
  static let shape = "--shape 3000x2500 --spectrum exponential:20 --noise 0.1 --seed 5"

  @Test(arguments: ["columns", "rows"], ["--basis sketch", "", "--power-iterations 1"])
  func sameFactorsForAnyRanksAndStorage(axis: String, basis: String) throws {
    let folder = try TemporaryFolder()
    let contiguous = try Command.generate(folder, Self.shape, ranks: 2, as: "contiguous.h5")
    let chunked = try Command.generate(
      folder, Self.shape + " --chunk 700x333", ranks: 2, as: "chunked.h5")
    let files = try [(contiguous, 1), (contiguous, 3), (contiguous, 7), (chunked, 2)]
      .map { input, ranks in
        try Command.compress(
          input, "--rank 40 --bits 4 --block-axis \(axis) \(basis)", ranks: ranks, as: "\(ranks)")
      }
    try Command.python("same_factors", files)
  }

  @Test(arguments: ["--basis sketch --quantizer minmax", ""])
  func sameFactorsForMoreRanksThanPanels(basis: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape, ranks: 2)
    let files = try [1, 12].map {
      try Command.compress(
        input, "--rank 24 --left-bits 3 --right-bits 5 \(basis)", ranks: $0, as: "\($0)")
    }
    try Command.python("same_factors", files)
  }

  @Test(arguments: ["columns", "rows"], ["sketch", "svd"])
  func sameFactorsOfATinyMatrix(axis: String, basis: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 5x3 --spectrum polynomial:1")
    let files = try [1, 2, 7].map {
      try Command.compress(
        input, "--rank 2 --bits 8 --basis \(basis) --block-axis \(axis)", ranks: $0, as: "\($0)")
    }
    try Command.python("same_factors", files)
  }

  /// Columns of 30 decades: sums whose terms differ by more than double precision holds.
  @Test func sameFactorsOfAMatrixOfManyScales() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["decades", "600", "2000", input])
    let files = try [1, 3].map {
      try Command.compress(input, "--rank 8 --bits 8", ranks: $0, as: "\($0)")
    }
    try Command.python("same_factors", files)
  }

  @Test func anotherSeedGivesOtherFactors() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 300x200 --spectrum exponential:20")
    let files = try [1, 2].map {
      try Command.compress(input, "--rank 4 --bits 4 --seed \($0)", as: "\($0)")
    }
    let compared = try Command.runPython("same_factors", files)
    #expect(compared.status == 1 && compared.errors.contains("different from"))
  }

  /// The least memory that is accepted, and plenty.
  @Test(arguments: ["columns", "rows"], ["", "--chunk 2999x3"])
  func sameFactorsForAnyMemory(axis: String, storage: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(
      folder, "--shape 3000x700 --spectrum exponential:20 --noise 0.1 \(storage)")
    let options = "--basis sketch --rank 20 --bits 4 --block-axis \(axis)"
    let refused = try Command.run(
      ["compress", input, "--memory", "1M"] + Command.words(options))
    #expect(refused.status == 64)
    let least = try #require(refused.errors.firstMatch(of: /at least (\d+) MiB/)?.1)
    let files = try ["\(least)M", "3G"].map {
      try Command.compress(input, "\(options) --memory \($0)", as: $0)
    }
    try Command.python("same_factors", files)
  }
}
