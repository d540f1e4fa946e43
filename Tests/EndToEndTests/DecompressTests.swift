// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What comes back: by `decompress`, by the NumPy reader, and by `info`.
@Suite struct DecompressTests {
  /// More than one chunk each way.
  static let shape = "--shape 1500x1100 --spectrum exponential:10 --noise 0.1"

  @Test(arguments: [
    "", "--basis sketch --rank 9 --bits 8 --quantizer minmax",
    "--rank 30 --left-bits 1 --right-bits 7",
    "--basis sketch --rank 5 --left-bits 3 --right-bits 5 --quantizer uniform --block-axis rows",
    "--bits-per-entry 0.3 --block-axis rows", "--bits-per-entry 6.5",
  ])
  func numpyRebuildsTheSame(options: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 700x400 --spectrum exponential:10")
    let factors = try Command.compress(input, options, ranks: 2)
    let rebuilt = folder.url("rebuilt.h5").path
    try Command.succeed(["decompress", factors, "--output", rebuilt, "--quiet"], ranks: 2)
    try expectRebuilt(factors, rebuilt)
  }

  @Test func allPartsAreThoseOfTheWhole() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let factors = try Command.compress(input, "--rank 20 --bits 6")
    let parts = [
      (0, 1500, 0, 1100, 20), (0, 1, 0, 1, 20), (1499, 1500, 1099, 1100, 1),
      (1000, 1100, 0, 1100, 7), (3, 1400, 500, 501, 20),
    ]
    for (index, (r0, r1, c0, c1, rank)) in parts.enumerated() {
      let rebuilt = folder.url("part-\(index).h5").path
      try Command.succeed(
        [
          "decompress", factors, "--output", rebuilt, "--rows", "\(r0):\(r1)", "--columns",
          "\(c0):\(c1)", "--rank", "\(rank)",
        ], ranks: [3, 1, 2, 3, 1][index])
      try expectRebuilt(factors, rebuilt, [r0, r1, c0, c1, rank])
    }
  }

  @Test func sameForAnyRanks() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let factors = try Command.compress(input, "--rank 20 --bits 6")
    let files = try [1, 3, 7].map { ranks in
      let rebuilt = folder.url("on-\(ranks).h5").path
      try Command.succeed(["decompress", factors, "-o", rebuilt, "-q"], ranks: ranks)
      return rebuilt
    }
    try Command.python("same_matrix", files)
  }

  @Test func partsThatAreNotThereAreRefused() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let factors = try Command.compress(input, "--rank 20 --bits 6")
    for arguments in [
      "--rows 0:1501", "--rows 1500:1501", "--columns 2000:3000", "--rank 0", "--rank 21",
      "--rank -1", "--rows 5:5", "--rows 7:3", "--rows x", "--columns 1:2:3", "--rows 9",
    ] {
      let rebuilt = folder.url("rebuilt.h5").path
      let finished = try Command.run(
        ["decompress", factors, "-o", rebuilt] + Command.words(arguments))
      #expect(finished.status == 64, "\(arguments): \(finished.account)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.path).count == 2)
    }
  }

  @Test func theFilesAreNamedAfterTheInput() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x40 --spectrum lowrank:2", as: "x.y.h5")
    // The default subcommand, the default names.
    let first = try Command.succeed([input])
    let factors = folder.url("x.y.lplr.h5").path
    #expect(first.contains(factors))
    for line in [
      "matrix          60 x 40, float32", "rank ", "bits ", "bytes ", "ratio ", "bits per entry ",
      "relative error ", "plain ", "reads ", "reading", "computing", "communicating", "writing",
      "the slowest is rank 0",
    ] { #expect(first.contains(line), "\(line) is not in the summary:\n\(first)") }
    try Command.succeed(["decompress", factors])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path.path).sorted()
    #expect(names == ["x.y.h5", "x.y.lplr.h5", "x.y.rebuilt.h5"])
  }

  @Test func infoSaysWhatIsInTheFile() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let factors = try Command.compress(
      input,
      "--basis sketch --rank 13 --left-bits 3 --right-bits 5 --seed 77 --quantizer uniform")
    let info = try Command.info(factors)
    // These keys stay: programs rely on them.
    #expect(
      Set(info.keys) == [
        "basis", "bits_per_entry", "block_axis", "bytes", "dataset", "error_kind",
        "frobenius_norm", "left_bits", "method", "plain_quantization_error", "prefix_error",
        "quantizer", "rank", "relative_error", "relative_error_bound", "right_bits", "seed",
        "shape", "singular_values", "sketch", "source_dtype", "truncation_error",
      ])
    #expect(info["dataset"] as? String == "/data")
    #expect(info["shape"] as? [Int] == [1500, 1100])
    #expect(info["rank"] as? Int == 13)
    #expect(info["left_bits"] as? [Int] == [Int](repeating: 3, count: 13))
    #expect(info["right_bits"] as? [Int] == [Int](repeating: 5, count: 13))
    #expect(info["seed"] as? Int == 77)
    #expect(info["quantizer"] as? String == "uniform")
    #expect(info["source_dtype"] as? String == "float32")
    // 13 components take 5 and 9 bytes a row, and 5 bytes for scale and bits on either side.
    #expect(info["bytes"] as? Int == 1500 * 5 + 1100 * 9 + 13 * 10 + 4 * (8 + 32))
    let text = try Command.succeed(["info", factors])
    #expect(text.contains("1500 x 1100, float32") && text.contains("(exact)"))
    #expect(text.contains(" lplr, basis sketch, sketch signs, quantizer uniform\n"))
  }

  @Test func helpOfEachSubcommandHasExamples() throws {
    let list = try #require(
      try Command.succeed(["--help"]).firstMatch(of: /SUBCOMMANDS:\n((?:  .*\n)+)/)?.1)
    let subcommands = list.matches(of: /(?m)^  ([a-z]+)/).map { String($0.1) }
    #expect(subcommands.sorted() == InstallTests.subcommands)
    for subcommand in subcommands {
      let help = try Command.succeed([subcommand, "--help"])
      #expect(
        help.contains("EXAMPLES") && help.contains("lplr-dist \(subcommand)")
          || subcommand == "compress" && help.contains("lplr-dist data.h5"))
      // None is broken at the edge of a terminal of 80 columns.
      let examples = help.firstMatch(of: /EXAMPLES\n((?:.+\n)+)/)?.1 ?? ""
      #expect(examples.split(separator: "\n").allSatisfy { $0.hasPrefix("  ") }, "\(examples)")
    }
    // Once for the whole job.
    let help = try Command.succeed(["--help"], ranks: 3)
    #expect(help.matches(of: /OVERVIEW/).count == 1)
  }

  private func expectRebuilt(_ factors: String, _ rebuilt: String, _ part: [Int] = []) throws {
    let worst = try Command.numbers("check_rebuilt", [factors, rebuilt] + part.map(String.init))
    // One rounding error for each of up to a few hundred terms, most of which cancel.
    #expect(worst[0] <= 20, "\(worst[0]) rounding errors")
  }
}
