// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `generate` writes the matrix it promises, the same on any number of ranks.
@Suite struct GenerateTests {
  @Test(arguments: [
    "--shape 2500x700 --spectrum exponential:20 --noise 0.1", "--shape 300x300 --spectrum phantom",
    "--shape 5x2000 --spectrum lowrank:3 --noise 1",
  ])
  func sameMatrixForAnyRanksAndStorage(options: String) throws {
    let folder = try TemporaryFolder()
    var files = try [1, 2, 3].map {
      try Command.generate(folder, options + " --seed 4", ranks: $0, as: "\($0).h5")
    }
    for (ranks, chunk) in [(1, "64x33"), (3, "1000x1000")] {
      files.append(
        try Command.generate(
          folder, options + " --seed 4 --chunk \(chunk)", ranks: ranks, as: "\(chunk).h5"))
    }
    try Command.python("same_matrix", files)
    let other = try Command.generate(folder, options + " --seed 5", as: "other.h5")
    let compared = try Command.runPython("same_matrix", [files[0], other])
    #expect(compared.status == (options.contains("phantom") ? 0 : 1))
  }

  @Test(arguments: ["exponential:7", "polynomial:1", "lowrank:9"])
  func singularValuesAreKnown(spectrum: String) throws {
    func law(_ i: Double) -> Double {
      switch spectrum {
      case "exponential:7": exp(-i / 7)
      case "polynomial:1": 1 / (i + 1)
      default: i < 9 ? 1 : 0
      }
    }
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 400x150 --spectrum \(spectrum)", ranks: 2)
    let figures = try Command.numbers("singular_values", [input])
    // The root mean square is 1; the noise floor is that of float32.
    #expect(abs(figures[0] - 1) < 1e-5)
    for (index, value) in figures.dropFirst().enumerated() {
      #expect(abs(value / figures[1] - law(Double(index))) < 1e-6, "singular value \(index)")
    }
  }

  @Test func noiseHasTheStandardDeviationAskedFor() throws {
    let folder = try TemporaryFolder()
    let options = "--shape 600x500 --spectrum lowrank:1 --seed 3"
    let noisy = try Command.generate(folder, options + " --noise 0.25")
    let figures = try Command.numbers("singular_values", [noisy])
    // The mean square is 1 + 0.25^2; 600 x 500 numbers know it to 0.3 %.
    #expect(abs(figures[0] * figures[0] - 1.0625) < 0.005)
    // The largest singular value of the noise alone is 0.25 (sqrt(600) + sqrt(500)) = 11.7.
    #expect(abs(figures[2] - 11.7) < 0.5)
  }

  @Test func typesHoldTheSameValues() throws {
    let folder = try TemporaryFolder()
    for (options, expected) in [
      ("--spectrum exponential:10", ["float32", "float64", "float16"]),
      ("--spectrum phantom", ["float32", "float64", "float16", "uint8"]),
    ] {
      let files = try expected.map {
        try Command.generate(folder, "--shape 200x150 \(options) --dtype \($0)", as: "\($0).h5")
      }
      let types = try Command.python("same_matrix", files)
      #expect(types.split(separator: "\n").map(String.init) == expected)
    }
  }

  @Test(arguments: [
    "--shape 10 --spectrum phantom", "--shape 0x5 --spectrum phantom",
    "--shape 5x5 --spectrum unknown:3", "--shape 5x5 --spectrum phantom --noise -1",
    "--shape 5x5 --spectrum phantom --dtype int3", "--shape 5x5",
    "--shape 5x5 --spectrum phantom --chunk 0x1", "--shape 5x5 --spectrum lowrank:2 --components 0",
  ])
  func badWishesAreRefused(options: String) throws {
    let folder = try TemporaryFolder()
    let finished = try Command.run(
      ["generate", folder.url("a.h5").path] + Command.words(options))
    #expect(finished.status == 64, "\(finished.account)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.path).isEmpty)
  }
}
