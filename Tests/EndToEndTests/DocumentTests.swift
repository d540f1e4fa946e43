// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the documents tell users to do works.
@Suite struct DocumentTests {
  @Test func commandsOfTheReadmeRun() throws {
    let finished = try Command.runPython(
      "readme_commands", [Repository.path("README.md"), Repository.root.path], timeout: 300)
    #expect(finished.status == 0, "\(finished.account)")
  }

  @Test func theExampleUsesFactors() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 500x400 --spectrum exponential:10")
    let factors = try Command.compress(input, "--rank 30 --left-bits 6 --right-bits 5")
    let rebuilt = folder.url("rebuilt.h5").path
    try Command.succeed(["decompress", factors, "--output", rebuilt])
    try Command.python(
      "check_example", [Repository.path("examples/use_factors.py"), factors, rebuilt])
  }
}
