// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Storage that fails: the job ends with one line and leaves nothing.
@Suite struct FaultTests {
  @Test(
    .enabled(if: Mount.isPermitted, "a file system cannot be mounted here"), arguments: [1, 3],
    ["compress", "decompress", "generate"])
  func aFullDiskIsKnownBeforeTheWork(ranks: Int, subcommand: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 1500x1100 --spectrum exponential:10")
    let factors = try Command.compress(input, "--rank 20 --bits 8")
    let disk = folder.url("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: false)
    let target = disk.appendingPathComponent("out.h5").path
    let arguments: [String] =
      switch subcommand {
      case "compress": ["compress", input, "--output", target]
      case "decompress": ["decompress", factors, "--output", target]
      default: ["generate", target, "--shape", "500x500", "--spectrum", "phantom"]
      }
    let finished = try Mount.run(
      size: "128k", at: disk.path,
      ["mpirun", "-n", "\(ranks)", try Command.path()] + arguments)
    #expect(finished.status == 74, "\(finished.account)")
    let lines = finished.errors.split(separator: "\n").filter { $0.hasPrefix("lplr-dist: ") }
    #expect(lines.count == 1, "\(finished.account)")
    let line = try #require(lines.first)
    #expect(line.contains("out.h5") && line.contains("No space left"))
    let sizes = try #require(line.firstMatch(of: /reserve (\d+) bytes, (\d+) are free/))
    #expect((Int(sizes.1) ?? 0) > 128 << 10 && (Int(sizes.2) ?? -1) <= 128 << 10)
    // The list of what is left on the disk, which ends with the line "left:".
    #expect(finished.output.hasSuffix("left:\n"), "\(finished.account)")
  }

  @Test(.enabled(if: Mount.isPermitted, "a file system cannot be mounted here"))
  func aFullDiskIsKnownBeforeTheFirstRead() throws {
    // The NaN in the input is not reached.
    let folder = try TemporaryFolder()
    let disk = folder.url("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: false)
    let finished = try Mount.run(
      size: "64k", at: disk.path,
      [
        try Command.path(), try Command.badInputs().path + "/nan-first.h5", "--output",
        disk.appendingPathComponent("out.h5").path,
      ])
    #expect(finished.status == 74, "\(finished.account)")
    #expect(finished.errors.contains("cannot reserve") && finished.output == "left:\n")
  }

  @Test(.enabled(if: Mount.isPermitted, "a file system cannot be mounted here"))
  func anotherFileOnAnotherNodeIsNoticed() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2 --seed 1")
    let other = try Command.generate(
      folder, "--shape 60x50 --spectrum lowrank:2 --seed 2", as: "b.h5")
    // Rank 1 sees the other file under the name of the first, with its size and time.
    let script = """
      touch -r "$0" "$1"
      if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then mount --bind "$1" "$0" || exit 99; fi
      shift
      exec "$@"
      """
    let options = getuid() == 0 ? ["-m"] : ["-U", "-m", "--map-root-user"]
    let finished = try mpirun(
      ranks: 2, "unshare",
      options + [
        "sh", "-c", script, input, other, try Command.path(), input, "--output",
        folder.url("out.h5").path,
      ])
    #expect(finished.status == 65, "\(finished.account)")
    #expect(finished.errors.contains("is not the same file on every rank"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.path).count == 2)
  }

  @Test(arguments: [1, 3], ["plain", "swmr"])
  func aFileThatIsBeingWrittenIsRefused(ranks: Int, mode: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 60x50 --spectrum lowrank:2")
    let command =
      (ranks > 1 ? ["mpirun", "-n", "\(ranks)"] : [])
      + [try Command.path(), "compress", input, "--output", folder.url("out.h5").path]
    let finished = try Command.runPython("while_open", [mode, input] + command)
    #expect(finished.status == 65, "\(finished.account)")
    #expect(finished.errors.contains("is being written by another program"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.path).count == 1)
  }
}

/// A small file system in a mount namespace of its own, which ends with its process.
private enum Mount {
  static let isPermitted: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return (try? run(size: "64k", at: folder.path.path, ["true"]))?.status == 0
  }()

  /// Runs a command with an empty file system at `path`, and prints "left:" after the names of the
  /// files that it leaves there.
  static func run(size: String, at path: String, _ command: [String]) throws -> Finished {
    let script = """
      mount -t tmpfs -o size=$0 tmpfs "$1" && cd / || exit 99
      disk=$1; shift
      "$@"; status=$?
      ls -A "$disk"; echo left:
      exit $status
      """
    let options = getuid() == 0 ? ["-m"] : ["-U", "-m", "--map-root-user"]
    return try TestSupport.run(
      "unshare", options + ["sh", "-c", script, size, path] + command, timeout: 40,
      environment: [
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      ])
  }
}
