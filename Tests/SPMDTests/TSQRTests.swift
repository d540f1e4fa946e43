// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import MessagePassing
import TestSupport
import Testing

extension SPMD {
  @Suite struct TSQRs {
    let world = Job.world

    struct Shape: CustomTestStringConvertible {
      let rows: Int
      let columns: Int
      let block: Int
      var testDescription: String { "\(rows) x \(columns) in blocks of \(block)" }
    }

    @Test(arguments: [
      Shape(rows: 1000, columns: 17, block: 64),
      // One block; fewer blocks than ranks.
      Shape(rows: 50, columns: 8, block: 64), Shape(rows: 130, columns: 8, block: 64),
      // The last block is shorter than wide; so is every block; so is the whole.
      Shape(rows: 200, columns: 20, block: 64), Shape(rows: 300, columns: 40, block: 16),
      Shape(rows: 10, columns: 30, block: 4), Shape(rows: 1, columns: 1, block: 1),
    ])
    func factorsAndHasTheSameBitsOnAnyNumberOfRanks(shape: Shape) throws {
      try check(shape, "normal") { _ in 1 }
    }

    @Test func qIsOrthonormalForAMatrixOfLowRank() throws {
      // Two columns are zero, so the triangular factors are singular.
      try check(Shape(rows: 400, columns: 9, block: 32), "deficient") { $0 == 3 || $0 == 4 ? 0 : 1 }
    }

    private func check(_ shape: Shape, _ name: String, weight: (Int) -> Double) throws {
      let (n, m) = (shape.rows, shape.columns)
      let partition = BlockPartition(extent: n, blockSize: shape.block, ranks: world.size)
      let a = matrix(rows: 0..<n, columns: m, weight: weight)
      let mine = partition.range(of: world.rank)
      let local = Matrix<Double>(rows: mine.count, columns: m, repeating: 0)
      for (index, row) in mine.enumerated() {
        for j in 0..<m { local[index, j] = a[row, j] }
      }
      let r = try TSQR(partition: partition, columns: m, world: world).factor(local)
      let k = min(n, m)
      var part: [Double] = []
      for i in 0..<mine.count {
        for j in 0..<k { part.append(local[i, j]) }
      }
      let all = try world.gather(part, filler: 0)
      let bits = Int(truncatingIfNeeded: digest(r.elements))
      let least = try world.allReduce(bits, .min)
      #expect(least == bits, "the ranks have different R")
      guard world.isRoot else { return }

      let q = SmallMatrix(rows: n, columns: k, elements: all)
      #expect(distance(q.transposed.times(q), .identity(k)) < 1e-12, "Q^T Q is not the identity")
      #expect(distance(q.times(r), a) < 1e-12, "Q R is not A")
      for i in 0..<k {
        for j in 0..<min(i, m) { #expect(r[i, j] == 0) }
      }
      try Job.note("R of \(name) \(shape.testDescription)", digest(r.elements))
      try Job.note("Q of \(name) \(shape.testDescription)", digest(all))
    }

    private func matrix(rows: Range<Int>, columns: Int, weight: (Int) -> Double) -> SmallMatrix {
      let random = Philox(seed: 3, stream: 9)
      var elements: [Double] = []
      for row in rows {
        var normal = [Float](repeating: 0, count: columns)
        normal.withUnsafeMutableBufferPointer { random.fillNormal($0, index: row) }
        elements += normal.enumerated().map { Double($1) * weight($0) }
      }
      return SmallMatrix(rows: rows.count, columns: columns, elements: elements)
    }

    private func distance(_ a: SmallMatrix, _ b: SmallMatrix) -> Double {
      zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0
    }
  }
}
