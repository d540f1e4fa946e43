// SPDX-License-Identifier: Apache-2.0

import MessagePassing
import ParallelHDF5
import Testing

extension SPMD {
  /// A failure on one rank is a failure on all, with one status and one reporter.
  @Suite struct Agreement {
    let world = Job.world

    @Test func withoutFailureEveryRankKeepsItsResult() throws {
      #expect(try world.agree { 10 * world.rank } == 10 * world.rank)
    }

    @Test func oneFailingRankStopsAll() throws {
      for failing in 0..<world.size {
        let outcome = outcome {
          try world.agree { if world.rank == failing { throw InputError.badData("wrong") } }
        }
        #expect(outcome == (world.rank == failing ? .reports("wrong", 65) : .follows(failing, 65)))
      }
      try world.barrier()
    }

    @Test func ofManyFailuresTheLowestRankReports() throws {
      // Each rank fails with another status; that of the lowest is the status of all.
      let outcome = outcome {
        try world.agree {
          if world.rank == 0 { throw InputError.noInput("rank 0") }
          throw OutputError.cannotCreate("rank \(world.rank)")
        }
      }
      #expect(outcome == (world.isRoot ? .reports("rank 0", 66) : .follows(0, 66)))
    }

    @Test func aFailureInsideANestedAgreementStaysOne() throws {
      let failing = world.size - 1
      let outcome = outcome {
        try world.agree {
          try world.agree {
            if world.rank == failing { throw OutputError.cannotCreate("inner") }
          }
        }
      }
      #expect(outcome == (world.rank == failing ? .reports("inner", 73) : .follows(failing, 73)))
      // The ranks are still in step.
      #expect(try world.allReduce(1, .sum) == world.size)
    }

    @Test func anUnknownErrorIsOurFault() throws {
      struct Surprise: Error {}
      let outcome = outcome { try world.agreeOnRoot { throw Surprise() } }
      #expect(outcome == (world.isRoot ? .reports("Surprise()", 70) : .follows(0, 70)))
    }

    private enum Outcome: Equatable {
      case succeeded
      case reports(String, Int32)
      case follows(Int, Int32)
      case other(String)
    }

    private func outcome(_ body: () throws -> Void) -> Outcome {
      do {
        try body()
        return .succeeded
      } catch let failure as AgreedFailure {
        return .reports("\(failure)", failure.exitStatus)
      } catch let failure as PeerFailure {
        return .follows(failure.rank, failure.exitStatus)
      } catch {
        return .other("\(error)")
      }
    }
  }
}
