// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

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
        counter.product("read 1"), counter.tsqr("orthonormalize", plan.grid.tiles, fitting: true),
        counter.projection("read 2"),
        counter.tsqr("quantize", plan.grid.panels, factor: false, fitting: true),
      ]
    } else {
      steps = [counter.sketch(), counter.directions()].compactMap { $0 }
      let last = total - (measured ? 1 : 0)
      for read in 2...max(2, last) {
        let isLeft = read % 2 == 0
        let (before, after) =
          isLeft ? (plan.grid.panels, plan.grid.tiles) : (plan.grid.tiles, plan.grid.panels)
        steps.append(counter.choleskyQR("orthonormalize", before))
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
    step.kept = first ? 4 * rows * d * keptShare : 0
    step.messages = groups
    return step
  }

  /// Z = A^T S: `copies` additions an element for any width.
  func sketch() -> Step {
    guard plan.request.sketch == .sparse else { return projection("read 1") }
    var step = read("read 1", first: true)
    step.sketched = rows * d
    step.moved = 8 * d * m
    (step.touched, step.saved) = (4 * d * m, 4 * d * m)
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
    step.touched = 40 * m * m + 4 * d * l
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
    (step.touched, step.saved) = (8 * n * l, 8 * n * l)
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
    (step.touched, step.saved) = (4 * d * l, 4 * d * l)
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

  /// The Gram matrix of the blocks, its root on the root, and a product.
  func choleskyQR(_ name: String, _ grid: BlockPartition) -> Step {
    var step = Step(name)
    let blocks = Double((grid.count + ranks - 1) / ranks)
    let rows = blocks * Double(min(grid.blockSize, grid.extent))
    step.doubleFlops = 3 * rows * l * l
    step.summed = blocks * l * l
    step.rootFlops = 2 * l * l * l / 3
    step.moved = 36 * rows * l
    step.bytesSent = ranks > 1 ? 2 * 8 * l * l : 0
    step.messages = 4
    return step
  }

  /// QR of the blocks and of the joints above them, and with `factor` the way back down; with
  /// `fitting`, the scales of a factor that is quantized by itself.
  func tsqr(_ name: String, _ grid: BlockPartition, factor: Bool = true, fitting: Bool = false)
    -> Step
  {
    var step = Step(name)
    step.fitted = fitting ? Double(r) : 0
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
    step.touched = mine * block * l * 16
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

  /// How often a factor is quantized: where a rank is asked for, most of the error is that of the rank, and
  /// refinement ends after two rounds; it goes through all of them else.
  private var quantizations: Int {
    plan.rule.rank != nil ? 4 : 2 * Refinement.mostRounds
  }

  /// X_L and X_R, then the factors in turn.
  func refinement() -> Step {
    var step = Step("refine")
    let (k, r) = (l, Double(self.r))
    step.flops = 2 * (n + d) * l * k
    step.touched = 12 * (n + d) * l
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
