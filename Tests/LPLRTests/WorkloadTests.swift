// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

/// What a plan counts, and what a forecast makes of it.
@Suite struct WorkloadTests {
  static let storage = MatrixStorage(
    rows: 65536, columns: 32768, typeName: "float32", elementByteCount: 4)

  static func request(rank: Int?, _ change: (inout CompressionRequest) -> Void = { _ in })
    -> CompressionRequest
  {
    var request = CompressionRequest()
    request.rankRule.rank = rank
    change(&request)
    return request
  }

  static func work(
    _ request: CompressionRequest, ranks: Int = 1, limit: Int = 64 << 30, reads: Int? = nil
  ) throws -> (plan: CompressionPlan, work: Workload) {
    let plan = try CompressionPlan(request, storage, ranks: ranks, limit: limit)
    return (plan, try Workload(plan, storage, ranks: ranks, reads: reads))
  }

  static func sum(_ work: Workload, _ count: KeyPath<Step, Double>) -> Double {
    work.steps.reduce(0) { $0 + $1[keyPath: count] }
  }

  @Test func aReadCountsEveryElementOnce() throws {
    let (plan, work) = try Self.work(Self.request(rank: 100))
    let (n, d) = (65536.0, 32768.0)
    #expect(work.reads == 2 && work.rank == 100)
    let first = try #require(work.steps.first { $0.name == "read 1" })
    let second = try #require(work.steps.first { $0.name == "read 2" })
    #expect(first.sketched == n * d && first.flops == 0)
    #expect(second.sketched == 0 && second.flops == 2 * n * d * Double(plan.width))
    #expect(first.bytesRead == 4 * n * d)
    let directions = try #require(work.steps.first { $0.name == "directions" })
    let (l, m) = (Double(plan.width), Double(plan.sketchWidth))
    #expect(directions.doubleFlops == d * m * m && directions.flops == 2 * d * m * l)
  }

  @Test func whatIsKeptIsNotReadAgain() throws {
    let all = 4.0 * 65536 * 32768
    let ample = try Self.work(Self.request(rank: 100) { $0.memory = 64 << 30 }).work
    #expect(Self.sum(ample, \.bytesRead) == all)
    let scarce = try Self.work(Self.request(rank: 100) { $0.memory = 400 << 20 }).work
    #expect(Self.sum(scarce, \.bytesRead) > 1.9 * all)
    // Without a wish, what needs no decoding is left to the page cache.
    let unsaid = try Self.work(Self.request(rank: 100), limit: 64 << 30).work
    #expect(Self.sum(unsaid, \.bytesRead) == 2 * all)
  }

  @Test(arguments: [2, 16, 64]) func ranksShareTheWork(ranks: Int) throws {
    let one = try Self.work(Self.request(rank: 100), limit: 400 << 20).work
    let many = try Self.work(Self.request(rank: 100), ranks: ranks, limit: 400 << 20).work
    for count in [\Step.sketched, \.multiplied, \.bytesRead] {
      #expect(Self.sum(many, count) <= Self.sum(one, count) / Double(ranks) * 1.0001)
    }
    #expect(Self.sum(one, \.bytesSent) == 8 * Self.directionsSent)
    #expect(Self.sum(many, \.bytesSent) > Self.sum(one, \.bytesSent))
    // Not what one rank does for all.
    #expect(Self.sum(many, \.rootEigen) == Self.sum(one, \.rootEigen))
  }

  /// The Gram matrix and the directions, which one rank hands to itself.
  static var directionsSent: Double {
    guard let plan = try? work(request(rank: 100)).plan else { return .nan }
    let (l, m) = (Double(plan.width), Double(plan.sketchWidth))
    return m * m + m * l
  }

  @Test func ranksBeyondThePanelsAreIdle() throws {
    let (plan, work) = try Self.work(Self.request(rank: 100), ranks: 1000)
    #expect(work.busyRanks == plan.grid.panels.count && work.busyRanks < 1000)
    let least = try Self.work(Self.request(rank: 100), ranks: plan.grid.panels.count).work
    #expect(Self.sum(work, \.sketched) == Self.sum(least, \.sketched))
  }

  @Test func optionsAddReads() throws {
    #expect(try Self.work(Self.request(rank: 9) { $0.certifies = true }).work.reads == 3)
    #expect(try Self.work(Self.request(rank: 9) { $0.powerIterations = 2 }).work.reads == 4)
    #expect(try Self.work(Self.request(rank: 9), reads: 6).work.reads == 6)
    let published = try Self.work(Self.request(rank: 9) { $0.basis = .sketch }).work
    #expect(published.reads == 2 && Self.sum(published, \.sketched) == 0)
    #expect(Self.sum(published, \.multiplied) == 2 * 65536 * 32768)
  }

  @Test func theSizeIsThatOfTheRule() throws {
    let uniform = try Self.work(
      Self.request(rank: 100) { ($0.rankRule.leftBits, $0.rankRule.rightBits) = (4, 4) }
    ).work
    // 50 bytes a row, bits and scales of both sides, and one codebook.
    #expect(uniform.factorBytes == (65536 + 32768) * 50 + 2 * 5 * 100 + 4 * 16)
    let free = try Self.work(Self.request(rank: nil) { $0.rankRule.bitsPerEntry = 0.25 }).work
    #expect(free.factorBytes == 65536 * 32768 / 32)
  }

  @Test func secondsFollowFromTheRates() throws {
    func forecast(_ change: (inout Machine) -> Void, readBandwidth: Double? = nil) throws
      -> Forecast
    {
      var machine = Machine.usual
      machine.networkLatency = 0
      change(&machine)
      return try Forecast(
        Self.request(rank: 100), Self.storage,
        on: Forecast.Job(
          ranks: 8, ranksPerNode: 8, machine: machine, readBandwidth: readBandwidth),
        limit: 4 << 30)
    }
    let usual = try forecast { _ in }
    let twice = try forecast { machine in
      for rate in Machine.Rates.all {
        machine.alone[keyPath: rate] *= 2
        machine.busy[keyPath: rate] *= 2
      }
    }
    #expect(abs(twice.seconds / usual.seconds - 0.5) < 1e-9)
    let slow = try forecast({ _ in }, readBandwidth: 1e6)
    #expect(slow.bottleneck == "reading")
    // All bytes through one narrow door.
    #expect(slow.seconds > 4 * 65536 * 32768 / 1e6)
    let stuck = try forecast { ($0.alone.rootEigen, $0.busy.rootEigen) = (1, 1) }
    #expect(stuck.bottleneck == "one rank")
  }

  @Test func aRankBesideOthersIsSlower() {
    var machine = Machine.usual
    machine.cores = 5
    machine.alone.sketched = 4e8
    machine.busy.sketched = 1e8
    #expect(machine.rates(ranksPerNode: 1).sketched == 4e8)
    #expect(machine.rates(ranksPerNode: 5).sketched == 1e8)
    // Half way between 2.5 and 10 nanoseconds.
    #expect(abs(machine.rates(ranksPerNode: 3).sketched - 1.6e8) < 1)
    // Two ranks a core take turns.
    #expect(machine.rates(ranksPerNode: 10).sketched == 5e7)
  }
}
