// SPDX-License-Identifier: Apache-2.0

/// Seconds of a compression before it runs: a plan's ``Workload`` over a machine's rates.
///
/// A read takes as long as the slower of reading and computing, since a thread reads ahead; where
/// every core has a rank the two take turns. All else follows one another.
package struct Forecast: Sendable {
  package let plan: CompressionPlan
  package let work: Workload
  package let job: Job
  package let steps: [StepTime]

  /// Where it would run.
  package struct Job: Sendable {
    package let ranks: Int
    package let ranksPerNode: Int
    package let machine: Machine
    /// Bytes a second that the file system gives to all ranks together; nil: no limit but theirs.
    package let readBandwidth: Double?

    package init(ranks: Int, ranksPerNode: Int, machine: Machine, readBandwidth: Double?) {
      (self.ranks, self.ranksPerNode) = (ranks, min(ranks, ranksPerNode))
      (self.machine, self.readBandwidth) = (machine, readBandwidth)
    }

    package var nodes: Int { (ranks + ranksPerNode - 1) / ranksPerNode }
  }

  /// Seconds of a step, by what they go to.
  package struct StepTime: Sendable {
    package let name: String
    package let reading: Double
    package let computing: Double
    package let root: Double
    package let communicating: Double
    package let writing: Double
    package let total: Double

    /// What takes most of it.
    package var bottleneck: String {
      let parts = [
        ("reading", reading), ("computing", computing), ("one rank", root),
        ("communicating", communicating), ("writing", writing),
      ]
      return parts.max { $0.1 < $1.1 }?.0 ?? ""
    }
  }

  /// Plans with `limit` bytes for a rank and this number of reads (nil: see ``Workload``). Throws
  /// ``PlanError``.
  package init(
    _ request: CompressionRequest, _ storage: MatrixStorage, on job: Job, limit: Int,
    reads: Int? = nil
  ) throws {
    self.job = job
    plan = try CompressionPlan(request, storage, ranks: job.ranks, limit: limit)
    work = try Workload(plan, storage, ranks: job.ranks, reads: reads)
    steps = work.steps.map { Self.time($0, on: job) }
  }

  package var seconds: Double { steps.reduce(0) { $0 + $1.total } }

  /// Where most of the time goes: "reading", "computing", ...
  package var bottleneck: String {
    let all: [(String, KeyPath<StepTime, Double>)] = [
      ("reading", \.reading), ("computing", \.computing), ("one rank", \.root),
      ("communicating", \.communicating), ("writing", \.writing),
    ]
    let sums = all.map { part in (part.0, steps.reduce(0) { $0 + $1[keyPath: part.1] }) }
    return sums.max { $0.1 < $1.1 }?.0 ?? ""
  }

  private static func time(_ step: Step, on job: Job) -> StepTime {
    let rates = job.machine.rates(ranksPerNode: job.ranksPerNode)
    var rate = rates.bytesRead
    if let limit = job.readBandwidth { rate = min(rate, limit / Double(job.ranks)) }
    let reading = step.bytesRead / rate + step.kept / rates.touched
    let computing =
      step.sketched / rates.sketched + step.multiplied / rates.multiplied + step.flops / rates.flops
      + step.doubleFlops / rates.doubleFlops + step.qrFlops / rates.qrFlops
      + step.summed / rates.summed + step.quantized / rates.quantized + step.moved / rates.moved
      + step.touched / rates.touched + step.fitted / rates.fitted
    let root =
      step.rootSingular / rates.rootSingular + step.rootEigen / rates.rootEigen
      + step.rootAllocated / rates.rootAllocated + step.rootFlops / rates.doubleFlops
    let hops = job.ranks > 1 ? Double(job.ranks - 1).binade.exponent + 1 : 0
    // A collective call sends and receives; ranks of a node share its network.
    let bandwidth =
      job.nodes > 1
      ? min(job.machine.networkBandwidth, rates.moved) : rates.moved
    let latency = job.nodes > 1 ? job.machine.networkLatency : job.machine.networkLatency / 5
    let communicating =
      2 * step.bytesSent / bandwidth + step.messages * Double(hops) * latency
    let writing = step.bytesWritten / rates.bytesWritten + step.saved / rates.saved
    let overlaps = job.ranksPerNode < job.machine.cores || job.readBandwidth != nil
    return StepTime(
      name: step.name, reading: reading, computing: computing, root: root,
      communicating: communicating, writing: writing,
      total: (overlaps ? max(reading, computing) : reading + computing) + root + communicating
        + writing)
  }
}
