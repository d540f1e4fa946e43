// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The job scripts as their batch systems start them, on this machine. The one for Slurm also runs
/// under Slurm itself: `jobs/test.sh --slurm`.
@Suite struct JobScriptTests {
  static let names = ["slurm.sbatch", "pbs.sh", "lsf.sh"]

  @Test(arguments: names) func compressesOnAllCores(name: String) throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 300x200 --spectrum lowrank:3")
    let finished = try run(name, "run", input)
    #expect(finished.status == 0, "\(finished.account)")
    #expect(finished.output.contains("ranks "), "\(finished.account)")
    #expect(!finished.output.contains("requeued"))
    #expect(FileManager.default.fileExists(atPath: folder.url("a.lplr.h5").path))
  }

  /// The warning reaches the program through script and mpirun; status 75 brings the job back.
  @Test(arguments: names) func isRequeuedWhenItsTimeIsUp(name: String) throws {
    let finished = try run(name, "warn", "data.h5")
    #expect(finished.status == 75, "\(finished.account)")
    let threads = "threads 1 1, arguments data.h5 --memory 2G\n"
    #expect(finished.output.contains(threads), "\(finished.account)")
    switch name {
    case "slurm.sbatch": #expect(finished.output.contains("requeued: scontrol requeue 7\n"))
    case "pbs.sh":
      #expect(finished.output.contains("requeued: qsub -v INPUT=data.h5 jobs/pbs.sh\n"))
    default:
      // LSF does it, for the status that the script asks for.
      let script = try String(contentsOfFile: Repository.path("jobs/\(name)"), encoding: .utf8)
      #expect(script.contains("#BSUB -Q \"75\"\n"))
    }
  }

  @Test(arguments: names) func aFailureIsFinal(name: String) throws {
    let finished = try run(name, "fail", "data.h5")
    #expect(finished.status == 3 && !finished.output.contains("requeued"), "\(finished.account)")
  }

  private func run(_ name: String, _ mode: String, _ input: String) throws -> Finished {
    try Command.runPython(
      "run_job_script", [Repository.path("jobs"), name, try Command.path(), mode, input])
  }
}
