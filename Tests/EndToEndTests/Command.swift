// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The command as it is shipped, and the Python that checks it.
enum Command {
  /// The release build; a clear failure if there is none.
  static func path() throws -> String {
    let variables = ProcessInfo.processInfo.environment
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path =
      variables["LPLR_DIST_BINARY"]
      ?? root.appendingPathComponent(".build/release/lplr-dist").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Missing(
        description: "no command at \(path): run swift build -c release --product lplr-dist, or "
          + "set LPLR_DIST_BINARY")
    }
    return path
  }

  /// Runs it: alone for one rank, as on a workstation, or under `mpirun`.
  static func run(
    _ arguments: [String], ranks: Int = 1, timeout: Int = 60, in directory: URL? = nil
  ) throws -> Finished {
    ranks == 1
      ? try TestSupport.run(try path(), arguments, timeout: timeout, in: directory)
      : try mpirun(ranks: ranks, try path(), arguments, timeout: timeout, in: directory)
  }

  /// Runs it and requires that it succeeds; returns what it prints.
  @discardableResult
  static func succeed(
    _ arguments: [String], ranks: Int = 1, timeout: Int = 60,
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let finished = try run(arguments, ranks: ranks, timeout: timeout)
    try #require(
      finished.status == 0, "\(arguments.joined(separator: " ")): \(finished.account)",
      sourceLocation: location)
    return finished.output
  }

  /// Compresses to a file beside the input; returns its path.
  static func compress(
    _ input: String, _ options: String, ranks: Int = 1, as name: String = "",
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let target = input + ".\(name).lplr.h5"
    try succeed(
      ["compress", input, "--output", target, "--force", "--quiet"] + words(options), ranks: ranks,
      at: location)
    return target
  }

  /// Generates a matrix, or copies it if another test has; returns its path.
  static func generate(
    _ folder: TemporaryFolder, _ options: String, ranks: Int = 1, as name: String = "a.h5",
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let target = folder.url(name).path
    let matrix = try once("\(options) on \(ranks).h5") {
      try succeed(["generate", $0, "--quiet"] + words(options), ranks: ranks, at: location)
    }
    if FileManager.default.fileExists(atPath: target) {
      try FileManager.default.removeItem(atPath: target)
    }
    try FileManager.default.copyItem(atPath: matrix, toPath: target)
    return target
  }

  /// A file or folder that tests share and none of them changes: made by the first that asks for it.
  static func once(_ name: String, _ make: (_ path: String) throws -> Void) throws -> String {
    let path = try shared.get().url(name).path
    if !FileManager.default.fileExists(atPath: path) { try make(path) }
    return path
  }

  /// Inputs of some forty kinds that are no good.
  static func badInputs() throws -> URL {
    let path = try once("bad") {
      try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false)
      try python("bad_inputs", [$0])
    }
    return URL(fileURLWithPath: path, isDirectory: true)
  }

  private static let shared: Result<TemporaryFolder, any Error> = Result {
    let folder = try TemporaryFolder()
    // It lives as long as the process, so no `deinit` removes it.
    atexit {
      if let folder = try? Command.shared.get() {
        try? FileManager.default.removeItem(at: folder.path)
      }
    }
    return folder
  }

  /// The relative error that `verify` measures.
  static func verify(
    _ factors: String, _ input: String, ranks: Int = 1,
    at location: SourceLocation = #_sourceLocation
  ) throws -> Double {
    let output = try succeed(["verify", factors, input], ranks: ranks, at: location)
    let line = try #require(output.firstMatch(of: /relative error +(\S+)/), "\(output)")
    return try #require(Double(line.1))
  }

  /// What `info --json` says.
  static func info(_ factors: String, at location: SourceLocation = #_sourceLocation) throws
    -> [String: Any]
  {
    let output = try succeed(["info", factors, "--json"], at: location)
    let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
    return try #require(object as? [String: Any], "\(output)", sourceLocation: location)
  }

  /// Runs one of the scripts beside these tests.
  static func runPython(
    _ script: String, _ arguments: [String], timeout: Int = 120,
    environment: [String: String] = [:]
  ) throws -> Finished {
    let path = try #require(
      Bundle.module.path(forResource: script, ofType: "py", inDirectory: "Python"))
    let variables = ProcessInfo.processInfo.environment
    let interpreter = variables["LPLR_PYTHON"].flatMap { $0.isEmpty ? nil : $0 } ?? "python3"
    return try TestSupport.run(
      interpreter, [path] + arguments, timeout: timeout, environment: environment)
  }

  /// Runs a script and requires that it succeeds; returns what it prints.
  @discardableResult
  static func python(
    _ script: String, _ arguments: [String], at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let finished = try runPython(script, arguments)
    try #require(
      finished.status == 0, "\(script) \(arguments.joined(separator: " ")): \(finished.account)",
      sourceLocation: location)
    return finished.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The numbers that a script prints.
  static func numbers(
    _ script: String, _ arguments: [String], at location: SourceLocation = #_sourceLocation
  ) throws -> [Double] {
    try python(script, arguments, at: location).split(whereSeparator: \.isWhitespace).map {
      try #require(Double($0), sourceLocation: location)
    }
  }

  static func words(_ options: String) -> [String] {
    options.split(separator: " ").map(String.init)
  }

  private struct Missing: Error, CustomStringConvertible {
    let description: String
  }
}
