// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What goes to standard error while all is well.
@Suite struct ProgressTests {
  static let shape = "--shape 900x800 --spectrum exponential:20 --noise 0.05"

  @Test(arguments: [1, 3]) func aShortRunIsSilent(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    for options in [["--report", folder.url("r.json").path], ["--log-level", "warning"], ["-q"]] {
      let finished = try Command.run(
        ["compress", input, "-o", folder.url("f.h5").path, "--force"] + options, ranks: ranks)
      #expect(finished.status == 0 && finished.errors.isEmpty, "\(finished.account)")
    }
    let verified = try Command.run(["verify", folder.url("f.h5").path, input], ranks: ranks)
    #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.account)")
  }

  @Test(arguments: [1, 3]) func eachPhaseIsToldOnceIfAskedFor(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let finished = try Command.run(
      ["compress", input, "-o", folder.url("f.h5").path, "--log-level", "debug"], ranks: ranks)
    #expect(finished.status == 0, "\(finished.account)")
    let lines = finished.errors.split(separator: "\n")
    for phase in ["open", "read 1", "read 2", "refine", "write"] {
      #expect(
        lines.filter { $0.hasPrefix("lplr-dist: \(phase) took ") }.count == 1,
        "\(phase): \(finished.account)")
    }
    #expect(lines.allSatisfy { $0.hasPrefix("lplr-dist: ") }, "\(finished.account)")
    #expect(finished.output.hasPrefix("wrote "))
    let quiet = try Command.run(
      ["compress", input, "-o", folder.url("f.h5").path, "--log-level", "debug", "-q", "--force"])
    #expect(quiet.errors.isEmpty && quiet.output.isEmpty, "\(quiet.account)")
  }

  /// `script` gives a run a terminal of its own.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "no script(1)"))
  func aTerminalHasOneLineThatIsWrittenOver() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 2500x700 --spectrum exponential:20")
    let record = folder.url("typescript").path
    let command =
      "LPLR_TEST_PAUSE_MS=400 '\(try Command.path())' '\(input)' -o '\(folder.url("f.h5").path)' "
      + "--rank 5 --bits 4"
    let finished = try TestSupport.run("script", ["-qec", command, record])
    #expect(finished.status == 0, "\(finished.account)")
    let seen = try String(contentsOfFile: record, encoding: .utf8)
    let lines = seen.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false)
    #expect(lines.count > 2, "\(seen)")
    #expect(
      lines.dropFirst().dropLast().allSatisfy { $0.hasPrefix("lplr-dist: ") && $0.count < 80 })
    // The summary begins on a line that was cleared.
    #expect(lines.last?.hasPrefix("wrote ") ?? false, "\(seen)")
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "no script(1)"))
  func aMessageTakesTheLineAway() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 900x800 --spectrum exponential:20")
    let record = folder.url("typescript").path
    let command =
      "LPLR_TEST_PAUSE_MS=9000 timeout -s INT 3 '\(try Command.path())' '\(input)' -o "
      + "'\(folder.url("f.h5").path)'"
    let finished = try TestSupport.run("script", ["-qec", command, record])
    #expect(finished.status == 124, "\(finished.account)")
    let seen = try String(contentsOfFile: record, encoding: .utf8)
    let lines = seen.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false)
    #expect(lines.dropFirst().first?.hasPrefix("lplr-dist: read 1, ") ?? false, "\(seen)")
    #expect(lines.last?.hasPrefix("lplr-dist: stopped by SIGINT") ?? false, "\(seen)")
  }
}
