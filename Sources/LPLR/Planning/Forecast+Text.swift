// SPDX-License-Identifier: Apache-2.0

extension Forecast {
  /// The plan and its seconds, one figure a line, then one line a step.
  package var text: String {
    let memory = plan.memory
    let read = work.steps.reduce(0) { $0 + $1.bytesRead }
    let flops = work.steps.reduce(0) { $0 + $1.flops + $1.doubleFlops + $1.qrFlops }
    let additions = Double(SparseSketch.copies) * work.steps.reduce(0) { $0 + $1.sketched }
    let sent = work.steps.reduce(0) { $0 + $1.bytesSent }
    let idle = job.ranks - work.busyRanks
    let size = 8 * Double(work.factorBytes) / (Double(plan.rows) * Double(plan.columns))
    return """
      ranks           \(job.ranks) on \(job.nodes) nodes\(idle > 0 ? ", \(idle) of them without columns of the matrix" : "")
      basis           \(plan.width) columns, from a sketch of \(plan.sketchWidth)
      reads           \(work.reads)\(mayReadMore ? " or more, as the spectrum asks for" : "")
      memory          \(memory.limit.bytes) a rank: \(memory.resident.bytes) for factors, \(memory.keepable.bytes) to keep the matrix in
      read            \(read.bytes) a rank
      flops           \(flops.short) a rank, and \(additions.short) additions of the sketch
      sent            \(sent.bytes) a rank
      size            \(work.factorBytes) bytes at most, \(size.short) bits per entry
      """ + table + "\nseconds         \(seconds.short), most of it \(bottleneck)"
  }

  private var mayReadMore: Bool {
    plan.request.basis == .svd
      && (plan.request.powerIterations == nil || plan.rule.tolerance != nil)
  }

  private var table: String {
    let head = ["step", "seconds", "reading", "computing", "one rank", "sending", "writing"]
    let rows = steps.map { step in
      [
        step.name, step.total.short, step.reading.short, step.computing.short, step.root.short,
        step.communicating.short, step.writing.short,
      ]
    }
    return ([head] + rows).map { "\n" + $0.inColumns([-16, 10, 10, 10, 10, 10, 10]) }.joined()
  }
}

/// The same compression on more and more ranks.
package struct Scaling: Sendable {
  private let request: CompressionRequest
  private let storage: MatrixStorage
  private let job: Forecast.Job
  private let limit: Int
  private let reads: Int?

  package init(
    _ request: CompressionRequest, _ storage: MatrixStorage, like job: Forecast.Job, limit: Int,
    reads: Int?
  ) {
    (self.request, self.storage, self.job) = (request, storage, job)
    (self.limit, self.reads) = (limit, reads)
  }

  private func forecast(ranks: Int, of storage: MatrixStorage) -> Forecast? {
    let job = Forecast.Job(
      ranks: ranks, ranksPerNode: self.job.ranksPerNode, machine: self.job.machine,
      readBandwidth: self.job.readBandwidth)
    // What does not fit into the memory is left out.
    return try? Forecast(request, storage, on: job, limit: limit, reads: reads)
  }

  /// Whole nodes, and parts of the first one.
  private func counts(upTo most: Int) -> [Int] {
    let node = job.ranksPerNode
    let within = sequence(first: 1) { $0 * 2 }.prefix { $0 < node }
    return within + sequence(first: node) { $0 * 2 }.prefix { $0 < most } + [most]
  }

  /// The number of ranks with the least time, and the largest of which more than half are well used:
  /// that need less than twice the rank-seconds of the smallest number that has the memory.
  package var bestText: String {
    let tried = counts(upTo: 16384).compactMap { forecast(ranks: $0, of: storage) }
    guard let first = tried.first else {
      return "best            no number of ranks has the memory"
    }
    let cost = { (it: Forecast) in Double(it.job.ranks) * it.seconds }
    let fastest = tried.min { $0.seconds < $1.seconds } ?? first
    let best = tried.last { cost($0) <= 2 * cost(first) } ?? first
    return "best            \(best.job.ranks) ranks: \(best.seconds.short) s at half of the "
      + "efficiency of \(first.job.ranks) or more; fastest \(fastest.job.ranks) ranks: "
      + "\(fastest.seconds.short) s"
  }

  /// Seconds of this matrix on up to 10,000 ranks, and of ever larger ones of 100 GB a rank up to
  /// 1 PB.
  package var text: String {
    let ranks = [1, 4, 16, 64, 256, 1024, 4096, 10_000]
    let strong = ranks.map { ($0, storage) }
    let weak = ranks.map { ($0, square(bytes: 1e11 * Double($0))) }
    return "this matrix" + table(strong) + "\nsquare matrices of 100 GB a rank" + table(weak)
  }

  /// In square chunks, so that the ranks of a node read each of them once.
  private func square(bytes: Double) -> MatrixStorage {
    let side = Int((bytes / Double(storage.elementByteCount)).squareRoot())
    return MatrixStorage(
      rows: side, columns: side, typeName: storage.typeName,
      elementByteCount: storage.elementByteCount, chunk: [1024, 1024])
  }

  private func table(_ cases: [(ranks: Int, storage: MatrixStorage)]) -> String {
    let head = ["ranks", "busy", "bytes", "seconds", "GB/s", "bottleneck"]
    let rows = cases.map { ranks, storage in
      let bytes = Double(storage.rows) * Double(storage.columns) * Double(storage.elementByteCount)
      guard let it = forecast(ranks: ranks, of: storage) else {
        return ["\(ranks)", "-", bytes.bytes, "-", "-", "memory"]
      }
      return [
        "\(ranks)", "\(it.work.busyRanks)", bytes.bytes, it.seconds.short,
        (bytes / it.seconds / 1e9).short, it.bottleneck,
      ]
    }
    return ([head] + rows).map { "\n" + $0.inColumns([8, 8, 12, 12, 10, 15]) }.joined()
  }
}

extension [String] {
  /// Cells of these widths; negative ones start at the left.
  fileprivate func inColumns(_ widths: [Int]) -> String {
    zip(self, widths).map { cell, width in
      let space = String(repeating: " ", count: Swift.max(0, Swift.abs(width) - cell.count))
      return width < 0 ? cell + space : space + cell
    }.joined()
  }
}

extension Int {
  fileprivate var bytes: String { Double(self).bytes }
}

extension Double {
  /// A number of bytes in the largest decimal unit: 1.5 GB.
  var bytes: String {
    let units = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
    // Sizes are rounded before the unit is chosen, so that there is no 1000 TB.
    let unit = units.first { self >= 0.9995 * $0.0 }
    return unit.map { "\((self / $0.0).short) \($0.1)" } ?? "\(Int(self)) B"
  }
}
