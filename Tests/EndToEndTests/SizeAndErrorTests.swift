// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What a user asks for, a size or an error, is what the file has.
@Suite struct SizeAndErrorTests {
  @Test(arguments: ["exponential:20", "polynomial:1 --noise 0.02"])
  func theSizeIsKeptAndTheErrorFalls(spectrum: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 800x500 --spectrum \(spectrum)")
    var last = 1.0
    for bitsPerEntry in [0.15, 0.4, 1, 2.5, 5] {
      let factors = try Command.compress(input, "--bits-per-entry \(bitsPerEntry)")
      let bytes = try #require(try Command.info(factors)["bytes"] as? Int)
      let budget = bitsPerEntry * 800 * 500 / 8
      #expect(Double(bytes) <= budget)
      #expect(Double(bytes) > 0.99 * budget - 700)
      let error = try Command.verify(factors, input)
      #expect(error < last, "\(bitsPerEntry) bits an entry")
      last = error
    }
  }

  /// Codebooks that depend on the data are one for each side.
  @Test(arguments: [
    "--method dsvd --bits 8", "--basis sketch --bits 8", "--basis sketch --rank 40",
  ])
  func ownCodebooksAreCounted(options: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 200x200 --spectrum exponential:20")
    let factors = try Command.compress(input, options + " --quantizer minmax")
    let size = try #require(try Command.info(factors)["bits_per_entry"] as? Double)
    #expect(size <= 1)
  }

  /// Signs are all that one bit needs here; levels for normal numbers are not far enough out.
  @Test func aConstantMatrixNeedsOneBit() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["constant", "300", "400", input])
    let factors = try Command.compress(input, "--rank 1 --bits 1", ranks: 2)
    #expect(try Command.verify(factors, input) < 1e-5)
  }

  /// With as many directions as rows, the basis misses nothing, whatever the signs of the sketch.
  @Test func aBasisAsWideAsTheMatrixIsWhole() throws {
    let folder = try TemporaryFolder()
    for (rows, seeds) in [(2, 0..<6), (5, 0..<2)] {
      let input = folder.url("\(rows).h5").path
      try Command.python("make_matrix", ["normal", "\(rows)", "400", input])
      for seed in seeds {
        let factors = try Command.compress(
          input, "--power-iterations 0 --bits-per-entry 16 --seed \(seed)")
        let truncation = try #require(
          try Command.info(factors)["truncation_error"] as? NSNumber
        ).doubleValue
        #expect(truncation < 1e-3, "\(rows) rows, seed \(seed)")
      }
    }
  }

  /// The published method's cutoff is that of its small matrix, not of a column of any length.
  @Test func aLongColumnKeepsItsPrecision() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["normal", "8400000", "1", input])
    let factors = try Command.compress(input, "--basis sketch --rank 1 --bits 8", ranks: 2)
    #expect(try Command.verify(factors, input) < 0.01)
  }

  /// Refinement gives what the benchmark of accuracy says: these bounds are 2 to 3 % above that. Rules
  /// that end it too early cost 4 to 7 %.
  @Test(arguments: [("phantom", 1, 0.0815), ("phantom", 2, 0.0332), ("synthetic", 1, 0.0548)])
  func theErrorIsThatOfTheBenchmark(matrix: String, bits: Int, most: Double) throws {
    let folder = try TemporaryFolder()
    let input: String
    if matrix == "phantom" {
      input = try Command.generate(folder, "--shape 1000x1000 --spectrum phantom")
    } else {
      input = folder.url("a.h5").path
      try Command.python("make_matrix", [matrix, "2000", "2000", input])
    }
    let factors = try Command.compress(input, "--bits-per-entry \(bits)", ranks: 2)
    #expect(try Command.verify(factors, input) < most)
  }

  @Test(arguments: [(0.1, [1, 3]), (0.02, [1])])
  func aToleranceIsKept(tolerance: Double, ranks: [Int]) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(
      folder, "--shape 900x600 --spectrum exponential:15 --noise 0.002")
    let factors = try ranks.map {
      try Command.compress(input, "--tolerance \(tolerance)", ranks: $0, as: "\($0)")
    }
    try Command.python("same_factors", factors)
    let error = try Command.verify(factors[0], input)
    #expect(error <= tolerance * 1.00001)
    #expect(try Command.info(factors[0])["error_kind"] as? String == "exact")
    // A file 3 % smaller has a larger error.
    let bytes = try #require(try Command.info(factors[0])["bytes"] as? Int)
    let smaller = try Command.compress(
      input, "--bits-per-entry \(0.97 * Double(bytes) * 8 / 900 / 600)", as: "smaller")
    #expect(try Command.verify(smaller, input) > tolerance)
  }

  /// Where rounding decides, the search may fail after reading: one line of one rank.
  @Test func aToleranceThatIsMissedEndsInOneLine() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["positive", "300", "400", input])
    let finished = try Command.run(["compress", input, "--tolerance", "2e-4"], ranks: 3)
    #expect(finished.status == 64, "\(finished.account)")
    let lines = finished.errors.split(separator: "\n").filter { $0.hasPrefix("lplr-dist: ") }
    #expect(lines.count == 1 && !finished.errors.contains("MPI_ABORT"), "\(finished.account)")
    #expect(!FileManager.default.fileExists(atPath: folder.url("a.lplr.h5").path))
  }

  @Test func aToleranceBelowSinglePrecisionIsRefused() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 90x60 --spectrum exponential:15")
    let finished = try Command.run(["compress", input, "--tolerance", "1e-7"])
    #expect(finished.status == 64)
    #expect(finished.errors.contains("single precision"))
  }

  /// The randomized basis is at most 2 % worse than the exact one, on slow and fast spectra.
  @Test(arguments: ["polynomial:0.5", "exponential:20"])
  func theRandomizedBasisIsAsGoodAsTheExactOne(spectrum: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 600x500 --spectrum \(spectrum)")
    let exact = try Command.compress(input, "--basis exact", ranks: 3, as: "exact")
    let randomized = try Command.compress(input, "", ranks: 3, as: "randomized")
    let error = try Command.verify(exact, input)
    #expect(try Command.verify(randomized, input) < 1.02 * error)
  }

  /// Published: .1415 at rank 62.
  @Test func directSVDAsPublished() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 1000x1000 --spectrum phantom")
    let factors = try Command.compress(
      input, "--basis exact --method dsvd --quantizer minmax --rank 62 --bits 8", ranks: 2)
    #expect(abs(try Command.verify(factors, input) - 0.1415) < 0.0015)
  }

  /// Errors of prefixes of components, against the rebuilt matrix.
  @Test func theErrorOfEachPrefixIsKnown() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 500x400 --spectrum exponential:20")
    let factors = try Command.compress(input, "--certify")
    let errors = try #require(try Command.info(factors)["prefix_error"] as? [Double])
    let norm = try Command.numbers("matrix_norm", [input])[0]
    for rank in [1, 7, errors.count - 1] {
      let rebuilt = folder.url("rebuilt.h5").path
      try Command.succeed(
        ["decompress", factors, "--rank", "\(rank)", "--output", rebuilt, "--force", "--quiet"])
      let error = try Command.numbers("matrix_norm", [input, rebuilt])[0] / norm
      #expect(abs(error - errors[rank]) < 0.005 * error)
    }
  }
}
