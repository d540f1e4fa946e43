// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// What one step of a compression does, on the rank that has most to do.
package struct Step: Sendable {
  package let name: String
  /// Bytes of A from the file.
  package internal(set) var bytesRead = 0.0
  /// Elements of A that pass through the sparse sketch, at ``SparseSketch/copies`` additions each.
  package internal(set) var sketched = 0.0
  /// Elements of A that pass through a product, and its flops in single precision.
  package internal(set) var multiplied = 0.0
  package internal(set) var flops = 0.0
  /// Flops in double precision: products; QR.
  package internal(set) var doubleFlops = 0.0
  package internal(set) var qrFlops = 0.0
  /// Terms of sums that do not depend on their order.
  package internal(set) var summed = 0.0
  /// Elements that are quantized.
  package internal(set) var quantized = 0.0
  /// Bytes copied or converted in memory.
  package internal(set) var moved = 0.0
  /// Done by the root while the others wait: n^3 of an SVD, n^3 of an eigenvalue problem, components
  /// whose bits are searched, flops of triangular solves.
  package internal(set) var rootSingular = 0.0
  package internal(set) var rootEigen = 0.0
  package internal(set) var rootAllocated = 0.0
  package internal(set) var rootFlops = 0.0
  /// Bytes that a rank sends or receives in collective calls, and how many calls there are.
  package internal(set) var bytesSent = 0.0
  package internal(set) var messages = 0.0
  package internal(set) var bytesWritten = 0.0

  init(_ name: String) { self.name = name }
}

/// The steps of a compression: counts that follow from the plan alone.
///
/// Not counted: the search of a tolerance, whose number of reads depends on the matrix.
package struct Workload: Sendable {
  package let steps: [Step]
  /// How often A is read.
  package let reads: Int
  /// Components that are kept, as far as that can be known without the spectrum.
  package let rank: Int
  /// Bytes of the factors, at most.
  package let factorBytes: Int
  /// Ranks that have columns of A.
  package let busyRanks: Int

  /// For this number of reads; nil stands for two, and what power iterations and the measured error
  /// add.
  package init(_ plan: CompressionPlan, _ storage: MatrixStorage, ranks: Int, reads: Int? = nil)
    throws
  {
    let counter = try Counter(plan, storage, ranks: ranks)
    let measured = plan.request.certifies || plan.request.method == .dsvd
    let products = 1 + (plan.request.powerIterations ?? 0)
    let total =
      switch plan.request.basis {
      case .sketch: 2
      case .exact: 1
      case .svd: reads ?? 1 + products + (measured ? 1 : 0)
      }
    self.reads = total
    rank = counter.r
    factorBytes = counter.factorBytes
    busyRanks = min(ranks, plan.grid.panels.count)
    var steps: [Step] = []
    if plan.request.basis == .sketch {
      steps = [
        counter.product("read 1"), counter.tsqr("orthonormalize", plan.grid.tiles),
        counter.projection("read 2"), counter.tsqr("quantize", plan.grid.panels, factor: false),
      ]
    } else {
      steps = [counter.sketch(), counter.directions()].compactMap { $0 }
      let last = total - (measured ? 1 : 0)
      for read in 2...max(2, last) {
        let isLeft = read % 2 == 0
        let (before, after) =
          isLeft ? (plan.grid.panels, plan.grid.tiles) : (plan.grid.tiles, plan.grid.panels)
        steps.append(counter.tsqr("orthonormalize", before))
        steps.append(isLeft ? counter.product("read \(read)") : counter.projection("read \(read)"))
        steps.append(counter.outlook(after))
      }
      steps.append(counter.refinement())
      if measured { steps.append(counter.residual("read \(total)")) }
    }
    steps.append(counter.writing())
    self.steps = steps
  }
}

/// Counts for one plan. n and d are the rows and columns of the rank that has most.
private struct Counter {
  let plan: CompressionPlan
  let ranks: Int
  let n: Double
  let d: Double
  let rows: Double
  let l: Double
  let m: Double
  let r: Int
  let factorBytes: Int
  private let elementBytes: Double
  private let groups: Double
  private let keptShare: Double

  /// Of the columns of a basis, the part that is kept where the size decides: 0.45 to 0.6 on all
  /// spectra tried.
  private static let usualShare = 0.52

  init(_ plan: CompressionPlan, _ storage: MatrixStorage, ranks: Int) throws {
    self.plan = plan
    self.ranks = ranks
    (n, d) = (Double(plan.grid.tiles.largestRange), Double(plan.grid.panels.largestRange))
    (rows, l, m) = (Double(plan.rows), Double(plan.width), Double(plan.sketchWidth))
    elementBytes = Double(storage.elementByteCount)
    let perGroup = plan.memory.tilesPerGroup
    groups = Double((plan.grid.tiles.count + perGroup - 1) / perGroup)
    keptShare = min(1, Double(plan.memory.keepable) / (4 * rows * d))
    let rule = plan.rule
    let budget = Int((rule.bitsPerEntry ?? 1) * rows * Double(plan.columns) / 8)
    if rule.leftBits != nil || rule.rightBits != nil || plan.request.basis == .sketch {
      let choice = try plan.uniformChoice()
      r = choice.rank
      factorBytes =
        BitAllocation(rank: choice.rank, leftBits: choice.leftBits, rightBits: choice.rightBits)
        .byteCount(rows: plan.rows, columns: plan.columns)
    } else {
      r = rule.rank ?? max(1, Int(Self.usualShare * Double(plan.width)))
      factorBytes = budget
    }
  }

  // MARK: Reads

  /// One read: from the file but for what an earlier one has left in memory.
  private func read(_ name: String, first: Bool = false) -> Step {
    var step = Step(name)
    step.bytesRead = rows * d * elementBytes * (first ? 1 : 1 - keptShare)
    step.messages = groups
    return step
  }

  /// Z = A^T S: `copies` additions an element for any width.
  func sketch() -> Step {
    guard plan.request.sketch == .sparse else { return projection("read 1") }
    var step = read("read 1", first: true)
    step.sketched = rows * d
    step.moved = 8 * d * m
    return step
  }

  /// The leading directions of a wide sketch: Z^T Z by strips, its eigenvectors on the root, Z V.
  func directions() -> Step? {
    guard plan.request.sketch == .sparse, plan.sketchWidth - plan.width >= SparseSketch.copies
    else { return nil }
    var step = Step("directions")
    let strips = (d / Double(SketchedColumns.stripWidth)).rounded(.up)
    step.doubleFlops = d * m * m
    step.flops = 2 * d * m * l
    step.moved = 12 * d * m
    step.summed = strips * m * m
    step.rootEigen = m * m * m
    step.bytesSent = 8 * (m * m + m * l)
    step.messages = 3
    return step
  }

  /// Y = A V: each panel's products are added exactly, tiles go to their owners.
  func product(_ name: String) -> Step {
    var step = read(name, first: name == "read 1")
    step.multiplied = rows * d
    step.flops = 2 * rows * d * l
    step.summed = rows * l * (Double(plan.grid.panels.count) / Double(ranks)).rounded(.up)
    if ranks > 1 {
      step.bytesSent = 8 * rows * l
      step.messages += 2 * Double(plan.grid.tiles.count)
    }
    return step
  }

  /// B = Q^T A: every rank receives Q.
  func projection(_ name: String) -> Step {
    var step = read(name, first: name == "read 1")
    step.multiplied = rows * d
    step.flops = 2 * rows * d * l
    if ranks > 1, name != "read 1" {
      step.bytesSent = 4 * rows * l
      step.messages += Double(plan.grid.tiles.count)
    }
    return step
  }

  /// A - L R^T.
  func residual(_ name: String) -> Step {
    var step = read(name)
    step.multiplied = rows * d
    step.flops = 2 * rows * d * Double(r)
    step.bytesSent = ranks > 1 ? Double(plan.rows) * Double(r) / 4 : 0
    return step
  }

  // MARK: Between reads

  /// QR of the blocks and of the joints above them, and with `factor` the way back down.
  func tsqr(_ name: String, _ grid: BlockPartition, factor: Bool = true) -> Step {
    var step = Step(name)
    let mine = Double((grid.count + ranks - 1) / ranks)
    let block = Double(min(grid.blockSize, grid.extent))
    func qr(_ h: Double) -> Double {
      // Householder QR of h x l, and as much again to form Q.
      let k = min(h, l)
      return 2 * (2 * h * l * k - (h + l) * k * k + 2 * k * k * k / 3)
    }
    step.qrFlops = mine * qr(block)
    // A leaf's columns times its part: h k l, twice.
    if factor { step.doubleFlops += mine * 2 * block * min(block, l) * l }
    var (nodes, height) = (Double(grid.count), min(block, l))
    while nodes > 1 {
      nodes = (nodes / 2).rounded(.up)
      let joints = max(1, (nodes / Double(ranks)).rounded(.up))
      step.qrFlops += joints * qr(2 * height)
      if factor { step.doubleFlops += joints * 4 * height * min(2 * height, l) * l }
      if nodes < Double(ranks) {
        step.bytesSent += (factor ? 2 : 1) * 8 * height * l
        step.messages += factor ? 2 : 1
      }
      height = min(2 * height, l)
    }
    step.moved = mine * block * l * (factor ? 36 : 12)
    if ranks > 1 { step.bytesSent += 8 * l * l }
    return step
  }

  /// Singular values and bits from the triangle of the last product.
  func outlook(_ grid: BlockPartition) -> Step {
    var step = tsqr("outlook", grid, factor: false)
    step.rootSingular = l * l * l
    step.rootAllocated = l
    if ranks > 1 { step.bytesSent += 8 * l * l }
    step.messages += 3
    return step
  }

  /// How often a factor is quantized: refinement ends after one round where truncation outweighs the
  /// codes, as it does for a rank or a small size on most matrices, and goes through all rounds else.
  private var quantizations: Int {
    let isTruncated = plan.rule.rank != nil || (plan.rule.bitsPerEntry ?? 1) < 0.5
    return isTruncated ? 4 : 2 * Refinement.mostRounds
  }

  /// X_L and X_R, then the factors in turn.
  func refinement() -> Step {
    var step = Step("refine")
    let (k, r) = (l, Double(self.r))
    step.flops = 2 * (n + d) * l * k
    for half in 0..<quantizations {
      let isLeft = half % 2 == 0
      let grid = isLeft ? plan.grid.tiles : plan.grid.panels
      let rows = isLeft ? n : d
      let blocks = (Double(grid.count) / Double(ranks)).rounded(.up)
      step.flops += 2 * rows * k * r + rows * r * r
      step.doubleFlops += rows * r * r + 2 * rows * k * r
      step.quantized += rows * r
      step.moved += rows * (24 * r + 12 * k) + 24 * k * r
      step.summed += blocks * (r * r + k * r) + 2 * k * r
      step.rootFlops += r * r * r / 3 + 2 * k * r * r
      step.bytesSent += ranks > 1 ? 8 * 2 * (k * r + r * r) : 0
      step.messages += 4
    }
    return step
  }

  func writing() -> Step {
    var step = Step("write")
    step.bytesWritten = Double(factorBytes) / Double(ranks)
    // Written, read back and compared; the layout, the small parts and the name.
    step.messages = 16
    return step
  }
}
