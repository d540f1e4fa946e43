// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Products with a compressed matrix: against NumPy, and the same on any number of ranks.
@Suite struct MultiplyTests {
  /// More than one block of rows each way, and a last one that is short.
  static let shape = "--shape 1300x1100 --spectrum exponential:10 --noise 0.1"

  @Test(arguments: [false, true], [("normal", 1), ("normal", 37), ("decades", 40)])
  func numpyHasTheSameProduct(transpose: Bool, operand: (kind: String, columns: Int)) throws {
    let folder = try TemporaryFolder()
    let factors = try Command.once("multiplied.lplr.h5") {
      let input = try Command.generate(folder, Self.shape)
      try Command.succeed(
        ["compress", input, "-o", $0] + Command.words("--rank 40 --left-bits 5 --right-bits 7 -q"))
    }
    let x = try make(folder, operand.kind, transpose ? 1300 : 1100, operand.columns)
    try expectProduct(
      factors, x, transpose: transpose, ranks: operand.columns == 37 ? [1, 2, 3] : [3], in: folder)
  }

  /// More columns than one group, so that Y is written in chunks.
  @Test(arguments: [false, true]) func wideOperandsComeInGroups(transpose: Bool) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 900x600 --spectrum exponential:10")
    let factors = try Command.compress(input, "--rank 3 --bits 4")
    let x = try make(folder, "normal", transpose ? 900 : 600, 4500)
    try expectProduct(factors, x, transpose: transpose, ranks: [1, 3], in: folder)
  }

  @Test func tinyMatricesAndZeros() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 5x3 --spectrum polynomial:1")
    let factors = try Command.compress(input, "--rank 2 --bits 8")
    for kind in ["normal", "zero"] {
      try expectProduct(
        factors, try make(folder, kind, 3, 2), transpose: false, ranks: [1, 7], in: folder)
    }
    let zero = folder.url("zero.h5").path
    try Command.python("make_matrix", ["zero", "40", "30", zero])
    let zeroFactors = try Command.compress(zero, "")
    try expectProduct(
      zeroFactors, try make(folder, "normal", 30, 4), transpose: false, ranks: [2], in: folder)
  }

  @Test func wrongOperandsAreRefused() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 300x200 --spectrum lowrank:2")
    let factors = try Command.compress(input, "--rank 2 --bits 4")
    let x = try make(folder, "normal", 200, 5)
    let bad = try Command.badInputs()
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path.path).count
    let nan = bad.path + "/nan-middle.h5"
    for (arguments, ranks, status, name, words) in [
      ([input], 3, 65, "has 300 rows, expected 200, the columns of the matrix", "try --transpose"),
      (
        [x, "--transpose"], 1, 65,
        "has 200 rows, expected 300, the columns of the transposed matrix",
        "drop --transpose"
      ),
      (
        [nan, "--transpose"], 3, 65, "nan-middle.h5:/data", "row 150, column 257 is NaN or infinite"
      ),
      ([bad.path + "/vector.h5"], 1, 65, "vector.h5", "holds no 2-D numeric dataset"),
      ([bad.path + "/several.h5"], 1, 65, "several.h5", "choose one with --dataset"),
      ([bad.path + "/missing.h5"], 3, 66, "missing.h5", "no such file"),
    ] {
      let finished = try Command.run(
        ["multiply", factors] + arguments + ["--output", folder.url("y.h5").path], ranks: ranks)
      #expect(finished.status == status, "\(arguments): \(finished.account)")
      let lines = finished.errors.split(separator: "\n").filter { $0.hasPrefix("lplr-dist: ") }
      #expect(lines.count == 1, "\(finished.account)")
      let line = try #require(lines.first)
      #expect(line.contains(name) && line.contains(words), "\(arguments): \(line)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.path).count == before)
  }

  @Test func noInputIsReplaced() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2")
    let factors = try Command.compress(input, "--rank 2 --bits 4")
    let x = try make(folder, "normal", 50, 5)
    for (target, words) in [(factors, "is the factor file itself"), (x, "is the input itself")] {
      let before = try Data(contentsOf: URL(fileURLWithPath: target))
      let finished = try Command.run(["multiply", factors, x, "--output", target, "--force"])
      #expect(finished.status == 73 && finished.errors.contains(words), "\(finished.account)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == before)
    }
    let finished = try Command.run(["multiply", factors, x, "--output", input])
    #expect(finished.status == 73 && finished.errors.contains("use --force"))
  }

  /// A product beyond float32 is an error, not an infinity in the file; the inner product may be
  /// within.
  @Test(arguments: ["large", "huge"]) func overflowIsRefused(kind: String) throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["huge", "60", "50", input])
    let factors = try Command.compress(input, "--rank 5 --bits 8")
    let x = try make(folder, kind, 50, 2)
    let finished = try Command.run(
      ["multiply", factors, x, "--output", folder.url("y.h5").path], ranks: 2)
    #expect(finished.status == 65, "\(finished.account)")
    #expect(finished.errors.contains("beyond float32"), "\(finished.account)")
  }

  private func make(_ folder: TemporaryFolder, _ kind: String, _ rows: Int, _ columns: Int) throws
    -> String
  {
    let x = folder.url("x-\(kind).h5").path
    try Command.python("make_matrix", [kind, "\(rows)", "\(columns)", x])
    return x
  }

  private func expectProduct(
    _ factors: String, _ x: String, transpose: Bool, ranks: [Int], in folder: TemporaryFolder
  ) throws {
    let files = try ranks.map { ranks in
      let y = folder.url("y-on-\(ranks).h5").path
      try Command.succeed(
        ["multiply", factors, x, "--output", y, "--force", "--quiet"]
          + (transpose ? ["--transpose"] : []), ranks: ranks)
      return y
    }
    try Command.python("same_matrix", files)
    let worst = try Command.numbers(
      "check_product", [factors, x, files[0]] + (transpose ? ["transpose"] : []))
    #expect(worst[0] <= 3, "\(worst[0]) rounding errors")
  }
}
