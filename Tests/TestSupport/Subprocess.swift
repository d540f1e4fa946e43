// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// What a finished process left behind.
package struct Finished: Sendable {
  package let status: Int32
  package let output: String
  package let errors: String
  package let seconds: Double

  /// All that is known of it, for the message of a test that fails.
  package var account: String {
    "status \(status) after \(Int(seconds)) s\n--- stdout\n\(output)\n--- stderr\n\(errors)"
  }
}

/// Runs a program to its end; `timeout` seconds later it is killed and reports status 124.
package func run(
  _ program: String, _ arguments: [String], timeout: Int = 120,
  environment: [String: String] = [:], in directory: URL? = nil
) throws -> Finished {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  // `timeout` bounds the run from outside: a lost collective hangs and never fails.
  process.arguments = ["timeout", "-k", "5", "\(timeout)", program] + arguments
  var variables = ProcessInfo.processInfo.environment
  variables.merge(singleMachine) { mine, _ in mine }
  variables.merge(environment) { _, new in new }
  process.environment = variables
  if let directory { process.currentDirectoryURL = directory }
  // Files, not pipes: a pipe that nobody drains would block the process.
  let folder = try TemporaryFolder()
  let outputURL = folder.url("stdout")
  let errorURL = folder.url("stderr")
  for url in [outputURL, errorURL] {
    _ = FileManager.default.createFile(atPath: url.path, contents: nil)
  }
  process.standardOutput = try FileHandle(forWritingTo: outputURL)
  process.standardError = try FileHandle(forWritingTo: errorURL)
  process.standardInput = FileHandle.nullDevice
  let start = Date()
  try process.run()
  process.waitUntilExit()
  return Finished(
    status: process.terminationStatus,
    output: String(decoding: try Data(contentsOf: outputURL), as: UTF8.self),
    errors: String(decoding: try Data(contentsOf: errorURL), as: UTF8.self),
    seconds: Date().timeIntervalSince(start))
}

/// Runs a program on several ranks of this machine.
package func mpirun(
  ranks: Int, _ program: String, _ arguments: [String], timeout: Int = 120,
  environment: [String: String] = [:], in directory: URL? = nil
) throws -> Finished {
  try run(
    "mpirun", ["-n", "\(ranks)", program] + arguments, timeout: timeout, environment: environment,
    in: directory)
}

/// What Open MPI needs to run more ranks than cores, and as root in a container.
private let singleMachine: [String: String] = {
  var variables = [
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    // What it takes here anyway; to look for networks first is a third of a small job.
    "OMPI_MCA_pml": "ob1",
  ]
  if getuid() == 0 {
    variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
  }
  return variables
}()

/// A folder that goes away with its owner.
package final class TemporaryFolder: Sendable {
  package let path: URL

  package init() throws {
    path = FileManager.default.temporaryDirectory
      .appendingPathComponent("lplr-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: path)
  }

  /// A file of this folder.
  package func url(_ name: String) -> URL { path.appendingPathComponent(name) }
}
