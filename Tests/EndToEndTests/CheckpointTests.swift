// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Jobs that are stopped or killed: the same command goes on where they were, on any number of ranks,
/// to the same bytes; or it says why it cannot.
@Suite struct CheckpointTests {
  /// What is compressed, after which checkpoint it is stopped, and by how many ranks it goes on:
  /// all kinds of reads, stopped in their midst or at their end, upward and downward.
  private static let stops: [(options: String, after: Int, ranks: Int)] = [
    ("", 2, 7), ("--power-iterations 2", 7, 1), ("--block-axis rows --power-iterations 1", 2, 3),
    ("--basis sketch", 4, 2), ("--sketch signs", 1, 1), ("--certify --power-iterations 0", 8, 2),
    ("--tolerance 0.5", 5, 2),
  ]

  @Test(arguments: stops)
  func aJobThatIsAskedToEndGoesOnLater(options: String, after: Int, ranks: Int) throws {
    let job = try Job(options)
    let stopped = try job.interrupt("USR1", after: after)
    #expect(stopped.status == 75, "\(stopped)")
    let lines = stopped.lines
    #expect(lines.count == 1, "\(stopped)")
    #expect(lines.first?.contains("stopped on request; the same command goes on from") == true)
    #expect(!job.hasOutput)
    let contents = try Command.succeed(["info", job.checkpoint])
    #expect(contents.contains("whole") && contents.contains("--seed: 0"), "\(contents)")

    let finished = try Command.run(job.arguments, ranks: ranks)
    #expect(finished.status == 0, "\(finished.account)")
    #expect(finished.errors.contains("resumed from"), "\(finished.account)")
    try Command.python("same_factors", [try job.reference(), job.output])
    #expect(try job.files.allSatisfy { !$0.contains("checkpoint") && !$0.hasSuffix(".tmp") })
  }

  /// One rank alone has the signal, and nothing was saved before.
  @Test func aSignalOfOneRankIsEnough() throws {
    let job = try Job("", interval: "10")
    let stopped = try job.interrupt("USR2", whom: "1", after: 0)
    #expect(stopped.status == 75 && stopped.lines.count == 1, "\(stopped)")
    let finished = try Command.run(job.arguments, ranks: 2)
    #expect(finished.status == 0 && finished.errors.contains("resumed"), "\(finished.account)")
    try Command.python("same_factors", [try job.reference(), job.output])
  }

  @Test func aJobThatIsStoppedLeavesTheLastCheckpointOnly() throws {
    let job = try Job("")
    let stopped = try job.interrupt("TERM", after: 2)
    #expect(stopped.status != 0 && stopped.seconds < 5, "\(stopped)")
    #expect(stopped.lines.count == 1, "\(stopped)")
    #expect(stopped.lines.first?.contains("the same command goes on from") == true)
    #expect(try job.files.sorted() == [".out.h5.checkpoint", "a.h5"])
    let finished = try Command.run(job.arguments, ranks: 3)
    #expect(finished.status == 0 && finished.errors.contains("resumed"), "\(finished.account)")
    try Command.python("same_factors", [try job.reference(), job.output])
  }

  /// Without a limit on its patience, a job waits for a rank that stands still for a while.
  @Test func aRankThatPausesChangesNothing() throws {
    let job = try Job("")
    let finished = try job.interrupt("STOP+CONT", whom: "1", after: 2)
    #expect(finished.status == 0 && finished.seconds > 3, "\(finished)")
    try Command.python("same_factors", [try job.reference(), job.output])
  }

  @Test func aRankThatHangsEndsTheJob() throws {
    let job = try Job("--stall-timeout 4")
    let stopped = try job.interrupt("STOP", whom: "1", after: 2)
    #expect(stopped.status == 74 && stopped.seconds < 20, "\(stopped)")
    // The two that wait for it.
    #expect(stopped.lines.count == 2, "\(stopped)")
    #expect(stopped.lines.allSatisfy { $0.contains("read 1, tile") }, "\(stopped)")
    #expect(!job.hasOutput)
  }

  @Test func jobsThatAreKilledAtAnyTimeGoOn() throws {
    let folder = try TemporaryFolder()
    let finished = try Command.runPython("kills", [try Command.path(), folder.path.path, "2"])
    #expect(finished.status == 0, "\(finished.account)")
    let counts = try #require(
      finished.output.firstMatch(of: /kills (\d+) met (\d+) resumed (\d+)/), "\(finished.account)")
    #expect(Int(counts.1) == 2 && (Int(counts.2) ?? 0) >= 1, "\(finished.account)")
  }

  /// As if another job had named the same directory, whose output is another one.
  /// That beside an output as well.
  @Test(arguments: [(1, "kept"), (3, nil)])
  func aDirectoryBelongsToOneJob(ranks: Int, directory: String?) throws {
    let job = try Job("", directory: directory)
    _ = try job.interrupt("USR1", after: 1)
    let before = try FileManager.default.contentsOfDirectory(atPath: job.checkpoint).sorted()
    let command =
      (ranks > 1 ? ["mpirun", "-n", "\(ranks)"] : []) + [try Command.path()] + job.arguments
    let refused = try Command.runPython("hold_lock", ["\(job.checkpoint)/lock"] + command)
    #expect(refused.status == 73, "\(refused.account)")
    #expect(
      refused.errors.contains(
        "\(job.checkpoint): is in use by another job (host elsewhere, process 4711)"))
    #expect(try job.files.count == 2)
    let after = try FileManager.default.contentsOfDirectory(atPath: job.checkpoint).sorted()
    #expect(after == before)
  }

  @Test(arguments: ["kept", nil]) func aDirectoryIsFreeWhenItsJobHasDied(directory: String?) throws
  {
    let job = try Job("", directory: directory)
    // The root, which holds the lock; its file stays.
    let killed = try job.interrupt("KILL", whom: "0", after: 2)
    #expect(killed.status == 137, "\(killed)")
    #expect(FileManager.default.fileExists(atPath: job.checkpoint + "/lock"))
    let finished = try Command.run(job.arguments, ranks: 2)
    #expect(finished.status == 0 && finished.errors.contains("resumed"), "\(finished.account)")
    try Command.python("same_factors", [try job.reference(), job.output])
    #expect(try job.files.sorted() == ["a.h5", "out.h5"])
  }

  @Test func anotherRequestIsRefusedByName() throws {
    let job = try Job("")
    _ = try job.interrupt("USR1", after: 1)
    for (change, words) in [
      ("--seed 3", "--seed was 0, is 3"), ("--sketch signs", "--sketch was sparse, is signs"),
      ("--certify", "--certify was not given, is given"),
    ] {
      let refused = try Command.run(job.arguments + Command.words(change), ranks: 2)
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused.account)")
      #expect(refused.errors.contains("--checkpoint") && refused.errors.contains("remove it"))
    }
    // Not even with --force; another directory begins again.
    let force = try Command.run(job.arguments + ["--force", "--seed", "3"])
    #expect(force.status == 64, "\(force.account)")
    let elsewhere = try Command.run(
      job.arguments + ["--seed", "3", "--checkpoint", job.folder.url("other").path])
    #expect(elsewhere.status == 0 && !elsewhere.errors.contains("resumed"))
    try FileManager.default.removeItem(atPath: job.output)

    let changed = try FileHandle(forUpdating: URL(fileURLWithPath: job.input))
    try changed.seek(toOffset: 20_000_000)
    try changed.write(contentsOf: Data([1, 2, 3]))
    try changed.close()
    let refused = try Command.run(job.arguments)
    #expect(refused.status == 64, "\(refused.account)")
    #expect(refused.errors.contains("the time of the input's last change was"))
    #expect(!job.hasOutput)
  }

  /// Erased, cut short or changed in a byte: the checkpoint before is used, or none, and never a wrong
  /// one.
  @Test func damageIsSeen() throws {
    let job = try Job("")
    _ = try job.interrupt("USR1", after: 2)
    let whole = job.folder.url("whole")
    try FileManager.default.copyItem(atPath: job.checkpoint, toPath: whole.path)
    let names = try FileManager.default.contentsOfDirectory(atPath: whole.path).sorted()
    let newest = try #require(names.last { $0.hasPrefix("manifest.") }?.suffix(6))
    let (list, array) = (["manifest.\(newest)"], ["\(newest).pass0.sketch"])
    let lists = names.filter { $0.hasPrefix("manifest.") }
    let arrays = names.filter { $0.hasSuffix("sketch") }
    var outputs: [String] = []
    for (index, (kind, target, isUsable)) in [
      ("erase", array, true), ("erase", lists, true), ("erase", names, true),
      ("truncate", list, true), ("truncate", arrays, false), ("flip", list, true),
      ("flip", array, true), ("flip", names.filter { $0.hasPrefix(newest) }, true),
      ("flip", lists, false), ("flip", arrays, false),
    ].enumerated() {
      try? FileManager.default.removeItem(atPath: job.checkpoint)
      try FileManager.default.copyItem(atPath: whole.path, toPath: job.checkpoint)
      for name in target { try damage(job.checkpoint + "/" + name, kind) }
      let finished = try Command.run(job.arguments, ranks: index % 2 + 1)
      let account = "\(kind) \(target): \(finished.account)"
      guard isUsable else {
        #expect(finished.status == 65, "\(account)")
        #expect(finished.errors.contains("no checkpoint in it is whole"), "\(account)")
        #expect(!job.hasOutput)
        continue
      }
      #expect(finished.status == 0, "\(account)")
      let isGone = lists.allSatisfy(target.contains)
      #expect(finished.errors.contains("resumed") == !isGone, "\(account)")
      outputs.append(job.folder.url("\(index).h5").path)
      try FileManager.default.moveItem(atPath: job.output, toPath: outputs[outputs.count - 1])
    }
    try Command.python("same_factors", [try job.reference()] + outputs)
  }

  /// What storage does not give is not called damaged: it may be whole.
  @Test func aFaultOfStorageIsNoDamage() throws {
    let job = try Job("")
    _ = try job.interrupt("USR1", after: 2)
    let files = FileManager.default
    let names = try files.contentsOfDirectory(atPath: job.checkpoint).sorted()
    let newest = try #require(names.last { $0.hasSuffix("sketch") })
    // A directory opens like a file, and does not read like one.
    try files.moveItem(atPath: job.checkpoint + "/" + newest, toPath: job.folder.url("kept").path)
    try files.createDirectory(
      atPath: job.checkpoint + "/" + newest, withIntermediateDirectories: false)
    let finished = try Command.run(job.arguments, ranks: 2)
    #expect(finished.status == 74, "\(finished.account)")
    #expect(!finished.errors.contains("remove it") && !job.hasOutput, "\(finished.account)")
    try files.removeItem(atPath: job.checkpoint + "/" + newest)
    try files.moveItem(atPath: job.folder.url("kept").path, toPath: job.checkpoint + "/" + newest)
    let again = try Command.run(job.arguments, ranks: 2)
    #expect(again.status == 0 && again.errors.contains("resumed"), "\(again.account)")
    try Command.python("same_factors", [try job.reference(), job.output])
  }

  private func damage(_ path: String, _ kind: String) throws {
    let url = URL(fileURLWithPath: path)
    guard kind != "erase" else { return try FileManager.default.removeItem(at: url) }
    var bytes = try Data(contentsOf: url)
    if kind == "truncate" { bytes.removeLast() } else { bytes[bytes.count / 2] ^= 0x10 }
    try bytes.write(to: url)
  }
}

/// A compression that can be interrupted: three ranks, with time between groups of tiles.
private struct Job {
  let folder: TemporaryFolder
  let input: String
  let output: String
  let checkpoint: String
  let arguments: [String]
  private let options: [String]
  private let interval: String

  /// - Parameter directory: that of the checkpoints, if it is given by name.
  init(_ options: String, interval: String = "0", directory: String? = nil) throws {
    folder = try TemporaryFolder()
    input = try Command.generate(folder, RankIndependenceTests.shape, ranks: 2)
    output = folder.url("out.h5").path
    let size = options.contains("--tolerance") ? "" : "--rank 30 --bits 4 "
    self.options = Command.words(size + "--quiet " + options)
    self.interval = interval
    checkpoint = folder.url(directory ?? ".out.h5.checkpoint").path
    arguments =
      ["compress", input, "--output", output] + self.options
      + (directory == nil ? [] : ["--checkpoint", checkpoint])
  }

  var hasOutput: Bool { FileManager.default.fileExists(atPath: output) }
  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path.path) }
  }

  /// The factors of a job that nobody has stopped.
  func reference() throws -> String {
    try Command.once("checkpoints \(options.joined(separator: " ")).h5") {
      try Command.succeed(["compress", input, "--output", $0] + options, ranks: 2)
    }
  }

  /// How an interrupted job has ended.
  struct Interruption: Decodable, CustomStringConvertible {
    let status: Int
    let seconds: Double
    let errors: String

    /// Those of the command itself.
    var lines: [Substring] {
      errors.split(separator: "\n").filter { $0.hasPrefix("lplr-dist: ") }
    }
    var description: String { "status \(status) after \(seconds) s\n\(errors)" }
  }

  /// Starts it and sends a signal to the job or a rank when a checkpoint has been written; for
  /// checkpoint 0, when the sums of the first read are.
  func interrupt(_ signal: String, whom: String = "job", after generation: Int) throws
    -> Interruption
  {
    let file =
      generation == 0
      ? "000001.pass0.sketch" : "manifest.\(String(1_000_000 + generation).dropFirst())"
    let finished = try Command.runPython(
      "signalled",
      [signal, whom, "\(checkpoint)/\(file)", "mpirun", "-n", "3", try Command.path()] + arguments
        + ["--checkpoint-every", interval], environment: ["LPLR_TEST_PAUSE_MS": "150"])
    try #require(finished.status == 0, "\(finished.account)")
    return try JSONDecoder().decode(Interruption.self, from: Data(finished.output.utf8))
  }
}
