// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The scripts beside these tests, which write files as other programs do.
enum Python {
  /// Runs a script and requires that it succeeds; returns the fields of each line that it prints.
  static func lines(
    _ script: String, _ arguments: [String], at location: SourceLocation = #_sourceLocation
  ) throws -> [[String]] {
    let path = try #require(
      Bundle.module.path(forResource: script, ofType: "py", inDirectory: "Python"))
    let variables = ProcessInfo.processInfo.environment
    let interpreter = variables["LPLR_PYTHON"].flatMap { $0.isEmpty ? nil : $0 } ?? "python3"
    let finished = try run(interpreter, [path] + arguments)
    try #require(
      finished.status == 0, "\(script): \(finished.account)", sourceLocation: location)
    return finished.output.split(separator: "\n").map {
      $0.split(separator: "\t").map(String.init)
    }
  }
}
