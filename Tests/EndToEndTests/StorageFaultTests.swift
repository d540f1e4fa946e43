// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Calls that fail below us, and files that are not what they claim.
@Suite struct StorageFaultTests {
  /// The library that makes calls fail; its head explains it.
  static let shim = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("FaultShim/fault.c").path

  @Test func aCallThatFailsNeverGivesAWrongFile() throws {
    let folder = try TemporaryFolder()
    try Command.python(
      "storage_faults", [try Command.path(), Self.shim, folder.path.path, "2", "1"])
  }

  /// What is no matter of agreement: the rank that fails takes the others along.
  @Test func aLibraryThatFailsOnOneRankEndsTheJob() throws {
    let folder = try TemporaryFolder()
    let shim = URL(fileURLWithPath: Self.shim).deletingLastPathComponent()
      .appendingPathComponent("library.c").path
    try Command.python(
      "library_faults", [try Command.path(), shim, folder.path.path, "3", "1"])
  }

  @Test func changedBytesInTheInputEndWithOneLineAtMost() throws {
    let folder = try TemporaryFolder()
    try Command.python("mutants", [try Command.path(), folder.path.path, "12", "2", "1"])
  }

  @Test(arguments: [1, 3]) func anInputThatCrashesTheLibraryIsMetByAChild(ranks: Int) throws {
    // The shim ends the child, which is no rank, by a signal, as a crash would.
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2")
    let library = folder.url("fault.so").path
    try #require(run("cc", ["-shared", "-fPIC", "-o", library, Self.shim, "-ldl"]).status == 0)
    let output = folder.url("out.h5").path
    let finished = try TestSupport.mpirun(
      ranks: ranks, "env",
      [
        "LD_PRELOAD=\(library)", "LPLR_FAULT_CALL=read", "LPLR_FAULT_PATH=/a.h5",
        "LPLR_FAULT_RANK=none", "LPLR_FAULT_N=1", "LPLR_FAULT_HOW=signal", try Command.path(),
        "compress", input, "--output", output,
      ])
    #expect(finished.status == 65, "\(finished.account)")
    #expect(
      finished.errors.contains("the HDF5 library fails on it (signal "), "\(finished.account)")
    #expect(finished.errors.matches(of: #/lplr-dist: /#).count == 1)
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func otherFilesAreNotOpened() throws {
    let folder = try TemporaryFolder()
    let inputs = try Command.badInputs()
    let library = folder.url("fault.so").path
    try #require(run("cc", ["-shared", "-fPIC", "-o", library, Self.shim, "-ldl"]).status == 0)
    func opens(_ input: String, of part: String) throws -> String {
      let log = folder.url("\(input).\(part.dropFirst()).log")
      let finished = try TestSupport.run(
        "env",
        [
          "LD_PRELOAD=\(library)", "LPLR_FAULT_CALL=open", "LPLR_FAULT_PATH=\(part)",
          "LPLR_FAULT_LOG=\(log.path)", try Command.path(), "\(inputs.path)/\(input)",
          "--rank", "3", "--dataset", "data", "--output", folder.url("out.h5").path,
        ], timeout: 40)
      #expect(finished.status == (input == "good.h5" ? 0 : 65), "\(finished.account)")
      return (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    }
    // The shim sees what is opened.
    #expect(try opens("good.h5", of: "/good.h5").contains("calls"))
    for (input, part) in [
      ("external-link.h5", "/good.h5"), ("external-storage.h5", "/raw.bin"),
      ("virtual.h5", "/good.h5"), ("hidden-link.h5", "/good.h5"),
    ] { #expect(try opens(input, of: part) == "", "\(input)") }
  }
}
