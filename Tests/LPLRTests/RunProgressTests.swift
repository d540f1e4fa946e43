// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

/// What is said of a run on its way, and how its time is booked.
@Suite struct RunProgressTests {
  private func state(_ phase: Phase, _ fraction: Double?, bytes: Int) -> RunProgress.State {
    RunProgress.State(phase: phase, start: .now, fraction: fraction, bytes: bytes)
  }

  @Test func aReadSaysHowFastAndHowLong() {
    let half = state(.reading(2), 0.25, bytes: 8_000_000_000)
    #expect(half.text(after: 10) == "read 2, 25 %, 200.0 MB/s, 30 s left of it")
    #expect(state(.reading(1), 0, bytes: 1).text(after: 10) == "read 1, 0 %, 0 B/s")
    #expect(half.report(after: 4) == "read 2 took 4.0 s, 2.0 GB/s")
    #expect(state(.refining, nil, bytes: 0).text(after: 205) == "refine, 3 min 25 s so far")
    #expect(state(.writing, nil, bytes: 0).report(after: 0.5) == "write took 0.5 s")
  }

  @Test(arguments: [
    (0.4, "0 s"), (99, "99 s"), (100, "1 min 40 s"), (5999, "99 min 59 s"), (6000, "1 h 40 min"),
    (.infinity, "unknown time"),
  ]) func timesAreSaidInWords(seconds: Double, words: String) {
    #expect(seconds.clock == words)
  }

  @Test func theClockTellsWhoeverAsks() {
    let progress = RunProgress()
    let clock = StageClock(progress)
    clock.enterRead(ofBytes: 100)
    #expect(progress.state.phase == .reading(1) && progress.state.fraction == 0)
    clock.advance(to: 0.5)
    #expect(progress.state.fraction == 0.5)
    clock.advance(to: 1.5)
    #expect(progress.state.fraction == 1)
    clock.enter(.solving)
    clock.enterRead(ofBytes: 100)
    #expect(progress.state.phase == .reading(2))
    #expect(progress.takeFinished().map(\.state.phase) == [.opening, .reading(1), .solving])
    #expect(progress.takeFinished().isEmpty)
    clock.enter(.writing)
    progress.end()
    #expect(progress.takeFinished().map(\.state.phase) == [.reading(2), .writing])
  }
}
