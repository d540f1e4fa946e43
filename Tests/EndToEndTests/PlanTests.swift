// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What is said before a job is queued.
@Suite struct PlanTests {
  @Test func itNeedsOnlyTheShape() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 3000x2000 --spectrum exponential:20")
    let machine = folder.url("none/machine.json").path
    let ofFile = try Command.succeed(["plan", input, "--ranks", "4", "--ranks-per-node", "2"])
    let ofShape = try Command.succeed(
      ["plan", "--shape", "3000x2000", "--ranks", "4", "--ranks-per-node", "2"])
    #expect(ofFile == ofShape)
    for words in [
      "matrix          3000 x 2000, float32", "ranks           4 on 2 nodes", "basis ", "reads ",
      "memory ", "read ", "flops ", "sent ", "size            750000 bytes at most, 1.0 bits",
      "read 1 ", "directions", "orthonormalize", "outlook", "refine", "write", "seconds ", "best ",
    ] { #expect(ofFile.contains("\n" + words) || ofFile.hasPrefix(words), "\(words):\n\(ofFile)") }
    let missing = try Command.run(["plan", input, "--machine", machine])
    #expect(missing.status == 66 && missing.errors.contains("machine.json"))
  }

  /// A matrix that no disk here would hold, up to more ranks than it has panels.
  @Test func itScalesToWhatIsNotThere() throws {
    let text = try Command.succeed(
      [
        "plan", "--shape", "16000000x16000000", "--chunk", "1024x1024", "--rank", "128", "--ranks",
        "10000", "--ranks-per-node", "64", "--memory", "8G", "--scaling",
      ])
    #expect(text.contains("of them without columns of the matrix"))
    let rows = text.split(separator: "\n").filter { $0.contains("10000 ") && $0.contains("PB") }
    #expect(rows.count == 2 && rows.allSatisfy { !$0.contains("inf") && !$0.contains("nan") })
    #expect(rows.last?.contains("1.0 PB") ?? false, "\(text)")
  }

  @Test func calibrationWritesWhatPlansRead() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 1000x1000 --spectrum lowrank:2")
    let machine = folder.url("deep/machine.json").path
    try Command.succeed(
      ["plan", "--calibrate", input, "--machine", machine, "--ranks-per-node", "2"], timeout: 120)
    let object = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: machine)))
    let figures = try #require(object as? [String: Any])
    #expect(
      figures.keys.sorted() == ["alone", "busy", "cores", "network_bandwidth", "network_latency"])
    for rates in ["alone", "busy"] {
      let rates = try #require(figures[rates] as? [String: Double])
      #expect(rates.count == 16 && rates.values.allSatisfy { $0 > 1 && $0.isFinite }, "\(rates)")
    }
    let text = try Command.succeed(["plan", input, "--machine", machine])
    #expect(text.contains(machine))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: machine))
    #expect(try Command.run(["plan", input, "--machine", machine]).status == 65)
  }

  @Test func itRefusesWhatCompressWouldRefuse() throws {
    for (arguments, status) in [
      ("", 64), ("--shape 9x9 --rank 10", 64), ("--shape 9x9 --ranks 0", 64),
      ("--shape 90000x90000 --memory 40M", 64), ("missing.h5", 66), ("missing.h5 --shape 9x9", 64),
    ] as [(String, Int32)] {
      let finished = try Command.run(["plan"] + Command.words(arguments))
      #expect(finished.status == status, "\(arguments): \(finished.account)")
    }
  }
}
