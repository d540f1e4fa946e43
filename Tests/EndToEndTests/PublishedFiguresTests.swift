// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The published method gives the published errors; the default quantizer gives lower ones.
///
/// The figures are means over seeds of the authors' program on the same matrices; .005 is more than
/// three standard deviations of a single run.
@Suite struct PublishedFiguresTests {
  static let published = "--basis sketch --quantizer minmax --sketch gaussian"

  @Test func phantom() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 1000x1000 --spectrum phantom")
    let asPublished = try mean(input, "--rank 62 --bits 8 \(Self.published)", seeds: 0..<2)
    #expect(abs(asPublished - 0.2206) < 0.005)
    #expect(
      try mean(input, "--basis sketch --rank 62 --bits 8 --sketch gaussian", seeds: 0..<2)
        <= asPublished)
    #expect(
      try mean(input, "--basis sketch --rank 62 --bits 8", seeds: 0..<1) <= asPublished + 0.005)
    #expect(try mean(input, "--basis sketch --rank 125 --bits 4", seeds: 0..<1) < 0.2735)
  }

  @Test func synthetic() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("a.h5").path
    try Command.python("make_matrix", ["synthetic", "2000", "2000", input])
    let asPublished = try mean(input, "--rank 125 --bits 8 \(Self.published)", seeds: 0..<2)
    #expect(abs(asPublished - 0.2109) < 0.005)
    #expect(
      try mean(input, "--basis sketch --rank 125 --bits 8 --sketch gaussian", seeds: 0..<2)
        <= asPublished)
    #expect(try mean(input, "--basis sketch --rank 250 --bits 4", seeds: 0..<1) < 0.2481)
  }

  /// The mean of the exact errors over seeds.
  private func mean(_ input: String, _ options: String, seeds: Range<Int>) throws -> Double {
    let files = try seeds.map {
      try Command.compress(input, "\(options) --seed \($0)", ranks: 2, as: "\($0)")
    }
    let figures = try Command.numbers("relative_error", files.flatMap { [$0, input] })
    let errors = stride(from: 0, to: figures.count, by: 4).map { figures[$0] }
    return errors.reduce(0, +) / Double(errors.count)
  }
}
