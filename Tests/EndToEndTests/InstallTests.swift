// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What `jobs/install.sh` puts below a prefix.
@Suite struct InstallTests {
  static let subcommands = [
    "compress", "decompress", "generate", "info", "multiply", "plan", "report", "verify",
  ]

  @Test func everythingIsInPlaceAndRunsWithoutSwift() throws {
    let prefix = try TemporaryFolder()
    let installed = try install(prefix.url("here").path)
    try #require(installed.status == 0, "\(installed.account)")
    let pages = ["lplr-dist"] + Self.subcommands.map { "lplr-dist-\($0)" }
    #expect(
      try Repository.files(below: prefix.url("here"))
        == (["bin/lplr-dist", "share/bash-completion/completions/lplr-dist"]
        + ["share/fish/vendor_completions.d/lplr-dist.fish"]
        + ["LICENSE", "hostfile.example", "lsf.sh", "pbs.sh", "slurm.sbatch"].map {
          "share/lplr-dist/\($0)"
        } + pages.map { "share/man/man1/\($0).1" } + ["share/zsh/site-functions/_lplr-dist"])
        .sorted())
    let program = prefix.url("here/bin/lplr-dist").path
    let version = try TestSupport.run(
      "env", ["-i", "PATH=/usr/bin:/bin", program, "--version"])
    #expect(version.status == 0 && version.output.firstMatch(of: /^\d+\.\d+\.\d+\n$/) != nil)
    let libraries = try TestSupport.run("ldd", [program])
    #expect(libraries.output.contains("libmpi") && !libraries.output.contains("libswift"))
  }

  @Test func pagesAndCompletionsNameEveryOption() throws {
    let prefix = try TemporaryFolder()
    try #require(try install(prefix.path.path).status == 0)
    let completion = try text(prefix, "share/bash-completion/completions/lplr-dist")
    for subcommand in Self.subcommands {
      let help = try Command.succeed([subcommand, "--help"])
      let page = try text(prefix, "share/man/man1/lplr-dist-\(subcommand).1")
      let options = Set(help.matches(of: /--[a-z-]+/).map { String($0.0) })
      #expect(options.count > 2)
      for option in options {
        #expect(
          page.contains(option.replacingOccurrences(of: "-", with: "\\-")),
          "\(option) is not in the page of \(subcommand)")
        #expect(completion.contains(option), "\(option) of \(subcommand) is not completed")
      }
      #expect(page.contains(".SH EXAMPLES\n.nf\n"))
    }
    #expect(try text(prefix, "share/man/man1/lplr-dist.1").contains(".SH EXIT STATUS\n"))
  }

  /// Job scripts name the program and themselves as they are installed, and nothing of the source.
  @Test func jobScriptsRunWhatIsInstalled() throws {
    let prefix = try TemporaryFolder()
    try #require(try install(prefix.path.path).status == 0)
    for name in JobScriptTests.names {
      let script = try text(prefix, "share/lplr-dist/\(name)")
      // In quotes, as the prefix may have spaces.
      #expect(script.contains("\nprogram='\(prefix.path.path)/bin/lplr-dist'\n"))
      #expect(script.contains("\(prefix.path.path)/share/lplr-dist/\(name) "), "\(script)")
      #expect(!script.contains("jobs/") && !script.contains(".build"), "\(script)")
    }
  }

  @Test(arguments: [[], ["--prefix"], ["--prefix", ""], ["/tmp"]])
  func wrongCommandLinesAreRefused(arguments: [String]) throws {
    let finished = try TestSupport.run(Repository.path("jobs/install.sh"), arguments)
    #expect(
      finished.status == 64 && finished.errors.contains("usage: jobs/install.sh --prefix DIR"))
  }

  @Test func aPrefixThatCannotBeMadeIsRefused() throws {
    let finished = try install("/dev/null/prefix")
    #expect(finished.status == 73 && finished.errors.contains("/dev/null/prefix cannot be written"))
  }

  private func install(_ prefix: String) throws -> Finished {
    try TestSupport.run(
      Repository.path("jobs/install.sh"), ["--prefix", prefix],
      environment: ["LPLR_DIST_BINARY": try Command.path()])
  }

  private func text(_ prefix: TemporaryFolder, _ name: String) throws -> String {
    try String(contentsOf: prefix.url(name), encoding: .utf8)
  }
}
