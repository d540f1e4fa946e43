// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What a run leaves for programs and for readers.
@Suite struct ReportTests {
  static let shape = "--shape 700x600 --spectrum exponential:20 --noise 0.05"

  /// Runs `compress` with a report; returns its path.
  private func report(
    _ folder: TemporaryFolder, _ input: String, _ options: String, ranks: Int
  ) throws -> String {
    let report = folder.url("run.json").path
    try Command.succeed(
      ["compress", input, "-o", folder.url("f.h5").path, "--report", report, "--force", "-q"]
        + Command.words(options), ranks: ranks)
    return report
  }

  private func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test(arguments: [1, 3]) func theKeysStay(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let run = try object(try report(folder, input, "--certify", ranks: ranks))
    // Programs rely on these.
    #expect(
      run.keys.sorted() == [
        "basis", "bits_per_entry", "block_axis", "block_errors", "creator", "dataset",
        "error_kind", "factor_bytes", "frobenius_norm", "input", "kernels", "left_bits", "method",
        "output", "plain_quantization_error", "prefix_bytes", "prefix_error", "quantizer", "rank",
        "rank_seconds", "ranks", "ratio", "reads", "relative_error", "relative_error_bound",
        "report_version", "right_bits", "seconds", "seed", "shape", "singular_values", "sketch",
        "sketch_width", "slowest_rank", "source_bytes", "source_dtype", "timeline",
        "truncation_error", "width",
      ])
    let stages = ["communicating", "computing", "reading", "waiting", "writing"]
    let seconds = try #require(run["seconds"] as? [String: Double])
    #expect(seconds.keys.sorted() == (stages + ["total"]).sorted())
    let byRank = try #require(run["rank_seconds"] as? [String: [Double]])
    #expect(byRank.keys.sorted() == stages && byRank.values.allSatisfy { $0.count == ranks })
    let timeline = try #require(run["timeline"] as? [[String: Any]])
    let phases = timeline.compactMap { $0["phase"] as? String }
    #expect(phases.first == "open" && phases.last == "write")
    #expect(phases.contains("read 1") && phases.contains("refine"))
    #expect(phases.filter { $0.hasPrefix("read") }.count == run["reads"] as? Int)
    for phase in timeline {
      #expect(phase.keys.sorted() == (stages + ["end", "phase", "start"]).sorted())
      let start = try #require(phase["start"] as? [Double])
      let end = try #require(phase["end"] as? [Double])
      #expect(start.count == ranks && zip(start, end).allSatisfy { $0 <= $1 })
    }
    // The file, the report and a measurement say the same.
    let info = try Command.info(folder.url("f.h5").path)
    for key in ["rank", "seed", "left_bits", "right_bits", "shape"] {
      #expect("\(run[key] ?? 0)" == "\(info[key] ?? 1)", "\(key)")
    }
    let error = try #require(run["relative_error"] as? Double)
    #expect(abs(error - (info["relative_error"] as? Double ?? 0)) < 1e-9)
    #expect(run["factor_bytes"] as? Int == info["bytes"] as? Int)
    let sizes = try #require(run["prefix_bytes"] as? [Int])
    #expect(sizes.last == run["factor_bytes"] as? Int && sizes == sizes.sorted())
    let blocks = try #require(run["block_errors"] as? [[String: Double]])
    #expect(blocks.map(\.["first"]) == [0, 256, 512] && blocks.last?["end"] == 600)
    let whole = blocks.reduce(0.0) {
      $0 + ($1["energy_share"] ?? 0) * pow($1["relative_error"] ?? 0, 2)
    }
    #expect(abs(whole.squareRoot() - error) < 1e-6)
  }

  @Test(arguments: ["", "--certify --block-axis rows", "--basis sketch --rank 5", "--rank 1"])
  func thePageIsWellFormed(options: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape, as: "a <b> & \"c\".h5")
    let run = try report(folder, input, options, ranks: 2)
    let page = folder.url("run.html").path
    try Command.succeed(["report", run])
    let drawings = try Command.python("check_page", [page]).split(separator: "\n").map(String.init)
    #expect(
      drawings.contains("Timeline of the ranks") && drawings.contains("Bits of each component"))
    #expect(drawings.contains { $0.hasSuffix("block") } == options.contains("certify"))
    #expect(drawings.contains("Spectrum") == (options != "--basis sketch --rank 5"))
  }

  @Test func nothingIsOverwritten() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2")
    let run = try report(folder, input, "", ranks: 1)
    let before = try Data(contentsOf: URL(fileURLWithPath: run))
    for ranks in [1, 3] {
      let finished = try Command.run(
        ["compress", input, "-o", folder.url("new.h5").path, "--report", run], ranks: ranks)
      #expect(finished.status == 73 && finished.errors.contains("--force"), "\(finished.account)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: run)) == before)
    try Command.succeed(["report", run])
    #expect(try Command.run(["report", run]).status == 73)
    #expect(try Command.run(["report", run, "-o", run, "--force"]).status == 64)
    #expect(
      try Command.run(["compress", input, "-o", folder.url("n.h5").path, "--report", input]).status
        == 64)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path.path).sorted()
    #expect(names == ["a.h5", "f.h5", "run.html", "run.json"])
  }

  @Test func whatIsNoReportIsRefused() throws {
    let folder = try TemporaryFolder()
    let bad = folder.url("bad.json")
    for text in ["", "{}", "[1]", "{\"rank\": \"x\"}"] {
      try Data(text.utf8).write(to: bad)
      let finished = try Command.run(["report", bad.path])
      #expect(
        finished.status == 65 && finished.errors.contains("not a report"), "\(finished.account)")
      #expect(finished.errors.split(separator: "\n").count == 1)
    }
    #expect(try Command.run(["report", folder.url("missing.json").path]).status == 66)
  }
}
