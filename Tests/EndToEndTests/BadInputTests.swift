// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What cannot be compressed ends soon, with one clear line, the documented status and no output.
@Suite struct BadInputTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let input: String
    let options: String
    let status: Int32
    /// What the line must contain.
    let words: [String]

    init(_ input: String, _ options: String, _ status: Int32, _ words: String...) {
      self.input = input
      self.options = options
      self.status = status
      self.words = words
    }

    var testDescription: String { "\(input) \(options)" }
  }

  static let inputs: [Case] = [
    Case("missing.h5", "", 66, "no such file"), Case("no/where/missing.h5", "", 66, "no such file"),
    Case("text.h5", "", 65, "not an HDF5 file"), Case("empty.h5", "", 65, "not an HDF5 file"),
    Case("folder.h5", "", 65, "not a regular file"), Case("truncated.h5", "", 65, "truncated"),
    Case("good.h5", "--dataset /other", 65, "no dataset /other", "/data (300 x 500, float32)"),
    Case("group.h5", "--dataset /data", 65, "is a group", "/real"),
    Case(
      "several.h5", "", 65, "2 matrices", "/one (20 x 500, float32)",
      "/deep/two (300 x 30, float64)"),
    Case("nothing.h5", "", 65, "no 2-D numeric dataset"),
    Case("scalar.h5", "--dataset data", 65, "0 dimensions"), Case("scalar.h5", "", 65, "no 2-D"),
    Case("vector.h5", "--dataset data", 65, "1 dimension", "500"),
    Case("cube.h5", "--dataset data", 65, "3 dimensions", "30"),
    Case("no-rows.h5", "", 65, "0 x 5"), Case("no-columns.h5", "", 65, "5 x 0"),
    Case("complex.h5", "--dataset data", 65, "compound"),
    Case("compound.h5", "--dataset data", 65, "compound"),
    Case("string.h5", "--dataset data", 65, "string"), Case("string.h5", "", 65, "no 2-D"),
    Case("lzf.h5", "", 65, "lzf", "HDF5_PLUGIN_PATH"),
    Case("external-link.h5", "--dataset data", 65, "link into another file"),
    Case("hidden-link.h5", "--dataset data", 65, "another file"),
    Case("soft-link.h5", "--dataset data", 65, "leads nowhere"),
    Case("external-storage.h5", "", 65, "external storage"),
    Case("virtual.h5", "", 65, "virtual dataset"),
    Case("wide-numbers.h5", "", 65, "is damaged", "elements of 255 bytes"),
    Case("wider-numbers.h5", "", 65, "is damaged", "expected 2400"),
    Case("beyond.h5", "", 65, "is damaged", "1000000"),
    Case("bomb.h5", "", 64, "too many entries"),
    Case("nan-first.h5", "", 65, "row 0, column 0"),
    Case("nan-middle.h5", "", 65, "row 150, column 257"),
    Case("nan-last.h5", "", 65, "row 299, column 499"),
    Case("nan-middle.h5", "--block-axis rows", 65, "row 150, column 257"),
    Case("inf.h5", "", 65, "row 10, column 20"), Case("minus-inf.h5", "", 65, "row 280, column 0"),
    Case("too-large.h5", "", 65, "row 0, column 250", "float32"),
    Case("near-the-end.h5", "", 65, "norm of the matrix", "scale the matrix down"),
    Case("all-near-the-end.h5", "--sketch signs", 65, "scale the matrix down"),
    Case("near-the-end.h5", "--basis exact", 65, "norm of the matrix", "scale the matrix down"),
    Case("near-zero.h5", "--basis sketch", 65, "scale the matrix up"),
    Case("near-zero.h5", "", 65, "root mean square", "scale the matrix up"),
  ]

  static let plans: [Case] = [
    Case("good.h5", "--rank 0", 64, "rank 0", "1 to 300"),
    Case("good.h5", "--rank 301", 64, "rank 301", "1 to 300"),
    Case("good.h5", "--bits 9", 64, "9 bits", "1 to 8"),
    Case("good.h5", "--left-bits 0", 64, "0 bits", "1 to 8"),
    Case("good.h5", "--bits-per-entry 0", 64, "bits per entry"),
    Case("good.h5", "--rank 300 --bits-per-entry 0.1", 64, "bytes"),
    Case("good.h5", "--rank 3 --bits 3 --bits-per-entry 1", 64, "three wishes"),
    Case("good.h5", "--memory 1M", 64, "needs at least", "MiB", "--memory"),
    Case("good.h5", "--memory 12Q", 64, "12Q"), Case("good.h5", "--unknown", 64, "--unknown"),
    Case("good.h5", "--bits 3 --left-bits 2", 64, "--bits"),
    Case("good.h5", "--quantizer best", 64, "best"), Case("good.h5", "--rank x", 64, "x"),
  ]

  /// Those that another rank finds, or the root while others wait, and a wrong command line.
  static let onManyRanks = (inputs + plans).filter { bad in
    [
      "missing.h5 ", "truncated.h5 ", "several.h5 ", "virtual.h5 ", "bomb.h5 ", "nan-first.h5 ",
      "nan-middle.h5 --block-axis rows", "nan-last.h5 ", "near-the-end.h5 ",
      "near-the-end.h5 --basis exact", "near-zero.h5 --basis sketch", "good.h5 --rank 301",
      "good.h5 --memory 1M", "good.h5 --unknown",
    ].contains(bad.testDescription)
  }

  @Test(arguments: inputs + plans) func isRefused(bad: Case) throws {
    try refuse(bad, ranks: 1)
  }

  @Test(arguments: onManyRanks) func isRefusedByManyRanks(bad: Case) throws {
    try refuse(bad, ranks: 3)
  }

  private func refuse(_ bad: Case, ranks: Int) throws {
    let input = try Command.badInputs().appendingPathComponent(bad.input)
    let before = try? Data(contentsOf: input)
    let output = try TemporaryFolder()
    let finished = try Command.run(
      ["compress", input.path, "--output", output.url("out.h5").path] + Command.words(bad.options),
      ranks: ranks, timeout: 20)
    expectRefusal(finished, bad.status, bad.words, ranks: ranks)
    #expect(try FileManager.default.contentsOfDirectory(atPath: output.path.path).isEmpty)
    let after = try? Data(contentsOf: input)
    #expect(after == before)
  }

  @Test(arguments: [1, 3]) func anExistingOutputIsKept(ranks: Int) throws {
    let output = try TemporaryFolder()
    let target = output.url("out.h5")
    try Data("precious".utf8).write(to: target)
    let arguments = [
      "compress", try Command.badInputs().path + "/good.h5", "--output", target.path, "--rank", "3",
    ]
    let finished = try Command.run(arguments, ranks: ranks, timeout: 20)
    expectRefusal(finished, 73, ["exists already", "--force"], ranks: ranks)
    #expect(try Data(contentsOf: target) == Data("precious".utf8))
    try Command.succeed(arguments + ["--force"], ranks: ranks)
    #expect(try Data(contentsOf: target) != Data("precious".utf8))
    #expect(try names(output) == ["out.h5"])
  }

  @Test(arguments: [("out.h5", 1), ("symbolic.h5", 1), ("hard.h5", 3), ("./out.h5", 1)])
  func theInputIsNotReplacedEvenByForce(name: String, ranks: Int) throws {
    let source = try Command.badInputs().appendingPathComponent("good.h5")
    let folder = try TemporaryFolder()
    let input = folder.url("out.h5")
    let manager = FileManager.default
    try manager.copyItem(at: source, to: input)
    try manager.createSymbolicLink(at: folder.url("symbolic.h5"), withDestinationURL: input)
    try manager.linkItem(at: input, to: folder.url("hard.h5"))
    let finished = try Command.run(
      ["compress", "out.h5", "--output", name, "--force", "--rank", "3"], ranks: ranks,
      timeout: 20, in: folder.path)
    expectRefusal(finished, 73, ["is the input itself"], ranks: ranks)
    #expect(try Data(contentsOf: input) == Data(contentsOf: source))
    #expect(try names(folder) == ["hard.h5", "out.h5", "symbolic.h5"])
  }

  @Test(arguments: [("no/where/out.h5", 3), ("file/out.h5", 1), ("folder", 1)])
  func aPlaceThatCannotHoldTheOutputIsKnownBeforeReading(place: String, ranks: Int) throws {
    // The NaN in the input is not reached.
    let input = try Command.badInputs().path + "/nan-last.h5"
    let folder = try TemporaryFolder()
    try Data().write(to: folder.url("file"))
    try FileManager.default.createDirectory(
      at: folder.url("folder"), withIntermediateDirectories: false)
    let finished = try Command.run(
      ["compress", input, "--output", folder.url(place).path, "--rank", "3"], ranks: ranks,
      timeout: 20)
    expectRefusal(
      finished, 73, [place == "folder" ? "is a directory" : "cannot create"], ranks: ranks)
    #expect(try names(folder) == ["file", "folder"])
  }

  @Test func aFolderWithoutPermissionIsKnownBeforeReading() throws {
    let source = try Command.badInputs().appendingPathComponent("nan-last.h5")
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    let input = folder.url("in.h5")
    try manager.copyItem(at: source, to: input)
    try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: input.path)
    let locked = folder.url("locked")
    try manager.createDirectory(at: locked, withIntermediateDirectories: false)
    try manager.setAttributes([.posixPermissions: 0o555], ofItemAtPath: locked.path)
    try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path.path)
    // A copy of the command, in case another user may not enter the place where it was built.
    let program = folder.url("lplr-dist")
    try manager.copyItem(atPath: try Command.path(), toPath: program.path)
    let arguments = [
      program.path, "compress", input.path, "--output",
      locked.appendingPathComponent("out.h5").path,
      "--rank", "3",
    ]
    // Permissions do not bind root.
    let finished =
      getuid() == 0
      ? try run(
        "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups"] + arguments, timeout: 20,
        environment: ["HOME": "/tmp"])
      : try run(arguments[0], Array(arguments[1...]), timeout: 20)
    expectRefusal(finished, 73, ["cannot create", "ermission denied"], ranks: 1)
    #expect(try manager.contentsOfDirectory(atPath: locked.path).isEmpty)
  }

  @Test(arguments: ["info", "decompress", "verify", "multiply"]) func onlyFinishedFactorsAreRead(
    subcommand: String
  ) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2", as: "in.h5")
    let factors = try Command.compress(input, "--rank 4 --bits 4")
    // All open the file in one way, so `info` stands for the others.
    let damages =
      ["incomplete"]
      + (subcommand == "info"
        ? [
          "no codes", "wrong shape", "future", "no scale", "wide bits", "negative bits",
          "short codes", "few levels", "text scale", "foreign codes", "foreign scale",
          "huge checksums", "huge shape",
        ] : [])
    for damage in damages {
      let damaged = folder.url("damaged.h5").path
      try Command.python("damage", [factors, damaged, damage])
      try refuse(subcommand, damaged, input, 65, damage == "incomplete" ? "not finished" : "")
    }
    if subcommand == "info" {
      // One block of more rows than there are is whole.
      let damaged = folder.url("damaged.h5").path
      try Command.python("damage", [factors, damaged, "endless blocks"])
      try Command.succeed(["info", damaged, "--check"])
    }
    try refuse(subcommand, input, input, 65, "not a factor file")
    try refuse(subcommand, folder.url("none.h5").path, input, 66, "no such file")
  }

  private func refuse(
    _ subcommand: String, _ factors: String, _ input: String, _ status: Int32, _ words: String
  ) throws {
    let output = try TemporaryFolder()
    var arguments = [subcommand, factors]
    if ["verify", "multiply"].contains(subcommand) { arguments.append(input) }
    if ["decompress", "multiply"].contains(subcommand) {
      arguments += ["--output", output.url("out.h5").path]
    }
    let finished = try Command.run(arguments, timeout: 20)
    expectRefusal(finished, status, [words], ranks: 1)
    #expect(try names(output).isEmpty)
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path.path).sorted()
  }

  /// Expects the status and one line with the words.
  ///
  /// `mpirun` adds lines of its own; a wrong command line without `mpirun` is explained by the
  /// parser, with the usage below.
  private func expectRefusal(
    _ finished: Finished, _ status: Int32, _ words: [String], ranks: Int,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(finished.status == status, "\(finished.account)", sourceLocation: location)
    let lines = finished.errors.split(separator: "\n").filter {
      $0.hasPrefix("lplr-dist: ") || $0.hasPrefix("Error: ")
    }
    #expect(lines.count == 1, "\(finished.account)", sourceLocation: location)
    #expect(finished.output.isEmpty || ranks > 1, sourceLocation: location)
    for word in words where !word.isEmpty {
      #expect(
        lines.first?.contains(word) ?? false, "\(word) is not in: \(finished.errors)",
        sourceLocation: location)
    }
    if ranks == 1, lines.first?.hasPrefix("lplr-dist: ") ?? false {
      let all = finished.errors.split(separator: "\n")
      #expect(all.count == 1, "\(finished.errors)", sourceLocation: location)
    }
  }
}
