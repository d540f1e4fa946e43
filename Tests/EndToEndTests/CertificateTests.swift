// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The error in the file is the error that `verify` measures, and that NumPy computes.
@Suite struct CertificateTests {
  /// Options of `generate`.
  static let spectra = [
    "--spectrum exponential:20", "--spectrum exponential:3 --noise 0.01",
    "--spectrum polynomial:1", "--spectrum polynomial:0.5", "--spectrum lowrank:12 --noise 0.05",
    "--spectrum lowrank:12", "--spectrum phantom",
  ]
  /// Options of `compress`, of which each spectrum has every other one.
  static let variants = [
    "--basis sketch --rank 12 --bits 8 --quantizer minmax --sketch gaussian",
    "--basis sketch --rank 30 --left-bits 2 --right-bits 6 --block-axis rows --quantizer uniform",
    "--basis sketch --rank 20 --bits 8", "--rank 20 --bits 8", "--bits-per-entry 0.5 --certify",
    "--bits-per-entry 2 --power-iterations 0", "--power-iterations 1 --block-axis rows",
  ]

  @Test(arguments: spectra.indices) func holdsForSpectra(number: Int) throws {
    let folder = try TemporaryFolder()
    let some = Self.variants.indices.filter { ($0 + number) % 2 == 0 }.map { Self.variants[$0] }
    try check(
      try Command.generate(folder, "--shape 500x640 \(Self.spectra[number])"), [""] + some,
      verifiedBy: 2)
  }

  /// A kind of `make_matrix.py` and a shape.
  @Test(arguments: [
    ("constant", 300, 400), ("normal", 500, 1), ("deficient", 300, 400), ("zero", 300, 400),
    ("sparse", 600, 300),
    ("one entry", 200, 100), ("normal", 1, 1), ("normal", 1, 500),
    ("normal", 3, 5), ("normal", 257, 4), ("decades", 300, 300), ("tiny", 300, 200),
    ("huge", 300, 200), ("huge constant", 300, 400), ("huge deficient", 300, 400),
    // As many tiles as it takes for their rounding errors to show, if these added up.
    ("alternating", 2_500_608, 1),
  ])
  func holdsForOddMatrices(kind: String, rows: Int, columns: Int) throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", [kind, "\(rows)", "\(columns)", input])
    let rank = min(rows, columns, 10)
    try check(
      input,
      [
        "--basis sketch --rank \(rank) --bits 8",
        "--basis sketch --rank \(rank) --bits 4 --quantizer minmax --block-axis rows",
        "--block-axis rows", "--rank \(rank) --bits 5 --power-iterations 1",
      ])
  }

  private func check(_ input: String, _ variants: [String], verifiedBy ranks: Int = 1) throws {
    let files = try variants.enumerated().map { index, options in
      try Command.compress(input, options, ranks: index == 1 ? 3 : 1, as: "\(index)")
    }
    let figures = try Command.numbers("relative_error", files.flatMap { [$0, input] })
    for (index, options) in variants.enumerated() {
      let (exact, claimed) = (figures[4 * index], figures[4 * index + 1])
      let bound = figures[4 * index + 3]
      #expect(exact <= bound * (1 + 1e-3), "\(options): the bound is too low")
      switch figures[4 * index + 2] {
      case 0: #expect(abs(claimed - exact) <= 1e-3 * exact, "\(options): claims to be exact")
      case 1: #expect(claimed < 3e-3, "\(options): an error this large can be resolved")
      default:
        #expect(
          abs(claimed * claimed - exact * exact) <= 0.02 * exact * exact + 5e-6,
          "\(options): a poor estimate")
      }
      #expect(exact.isFinite && claimed.isFinite)
    }
    // Residuals are rounded to single precision in `verify`.
    let verified = try Command.verify(files[0], input, ranks: ranks)
    #expect(abs(verified - figures[0]) <= 1e-3 * figures[0] + 1e-6)
  }

  @Test func theZeroMatrixHasNoError() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["zero", "60", "50", input])
    let file = try Command.compress(input, "")
    #expect(try Command.info(file)["relative_error"] as? Double == 0)
    #expect(try Command.verify(file, input) == 0)
  }
}
