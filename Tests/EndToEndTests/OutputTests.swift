// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One job writes one output, and what a dead one left is no obstacle.
@Suite struct OutputTests {
  static let shape = "--shape 700x400 --spectrum exponential:10"
  static let options = ["--rank", "9", "--bits", "4", "--quiet"]

  @Test(arguments: [1, 3]) func anotherJobWithTheSameOutputIsRefused(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let output = folder.url("out.h5").path
    let command =
      (ranks > 1 ? ["mpirun", "-n", "\(ranks)"] : [])
      + [try Command.path(), "compress", input, "--output", output] + Self.options
    let finished = try Command.runPython("hold_lock", [folder.url(".out.h5.lock").path] + command)
    #expect(finished.status == 73, "\(finished.account)")
    #expect(finished.errors.contains("another job (host elsewhere, process 4711)"))
    #expect(try names(folder) == ["a.h5"])
  }

  @Test func ofJobsThatStartTogetherOneSucceeds() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let output = folder.url("out.h5").path
    let statuses = try Command.numbers(
      "at_once",
      ["3", "mpirun", "-n", "2", try Command.path(), "compress", input, "--output", output]
        + Self.options)
    #expect(statuses == [0, 73, 73])
    #expect(try names(folder) == ["a.h5", "out.h5"])
    try Command.python(
      "same_factors", [output, try Command.compress(input, "--rank 9 --bits 4")])
  }

  @Test(arguments: [1, 3]) func whatAKilledJobLeftIsReclaimed(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let output = folder.url("out.h5").path
    let program = try Command.path()
    let arguments = ["compress", input, "--output", output] + Self.options
    let command = (ranks > 1 ? ["mpirun", "-n", "\(ranks)"] : []) + [program] + arguments
    // Twice alone; ranks without their mpirun may finish, and the second job would find their output.
    for _ in 0..<(ranks == 1 ? 2 : 1) {
      let killed = try Command.runPython("change_during", ["kill", input, output] + command)
      #expect(killed.status == 137, "\(killed.account)")
      guard ranks == 1 else { continue }
      #expect(!FileManager.default.fileExists(atPath: output))
      #expect(try names(folder).count == 3)
    }
    // Ranks without their mpirun live on for a moment: they hold the lock as long, or finish.
    var again = try Command.run(arguments + ["--force"], ranks: ranks)
    for _ in 0..<20 where again.status == 73 {
      Thread.sleep(forTimeInterval: 0.5)
      again = try Command.run(arguments + ["--force"], ranks: ranks)
    }
    #expect(again.status == 0, "\(again.account)")
    #expect(try names(folder) == ["a.h5", "out.h5"])
  }

  @Test(arguments: ["replace", "cut"]) func anInputThatChangesIsNoticed(how: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, Self.shape)
    let finished = try Command.runPython(
      "change_during",
      [
        how, input, folder.url("out.h5").path, "mpirun", "-n", "3", try Command.path(), "compress",
        input, "--output", folder.url("out.h5").path,
      ] + Self.options)
    #expect(finished.status == 65, "\(finished.account)")
    #expect(finished.errors.contains("has changed while it was read"))
    #expect(try names(folder) == ["a.h5"])
  }

  @Test(arguments: [1, 3]) func aLimitOnTheSizeOfFilesIsAnError(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 1500x1400 --spectrum phantom --dtype uint8")
    // Open MPI's own files stay below the limit, the factors of 8.4 MB do not.
    let finished = try TestSupport.run(
      "mpirun",
      [
        "-n", "\(ranks)", "prlimit", "--fsize=\(8 << 20)", try Command.path(), "compress", input,
        "--output", folder.url("out.h5").path, "--bits-per-entry", "32",
      ])
    #expect(finished.status == 74, "\(finished.account)")
    #expect(finished.errors.contains("cannot reserve") && finished.errors.contains("too large"))
    #expect(try names(folder) == ["a.h5"])
  }

  /// What was cut is no result; what cannot be said is no reason to stop.
  @Test func aFullDiskUnderTheStreamsOfTheProgram() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 90x70 --spectrum exponential:5")
    func run(_ redirection: String, _ arguments: [String]) throws -> Finished {
      try TestSupport.run(
        "sh", ["-c", "exec \"$0\" \"$@\" \(redirection)", try Command.path()] + arguments)
    }
    let factors = try Command.compress(input, "--rank 9 --bits 4")
    let cut = try run(">/dev/full", ["info", factors, "--json"])
    #expect(cut.status == 74 && cut.errors.contains("standard output"), "\(cut.account)")
    let summary = try run(">/dev/full", [input, "-o", folder.url("b.h5").path])
    #expect(summary.status == 74, "\(summary.account)")
    let mute = try run(
      "2>/dev/full", [input, "-o", folder.url("c.h5").path, "--log-level", "debug"])
    #expect(mute.status == 0, "\(mute.account)")
    #expect(try run("2>/dev/full", ["info", input]).status == 65)
  }

  @Test func aDeviceIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 90x70 --spectrum exponential:5")
    for options in [["-o", "/dev/null"], ["--report", "/dev/null"]] {
      let finished = try Command.run([input, "--rank", "9", "--force"] + options)
      #expect(finished.status == 73, "\(finished.account)")
      #expect(finished.errors.contains("/dev/null: is not a regular file"))
    }
    #expect(try names(folder) == ["a.h5"])
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path.path).sorted()
  }
}
