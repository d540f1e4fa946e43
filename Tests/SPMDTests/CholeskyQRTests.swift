// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import MessagePassing
import TestSupport
import Testing

extension SPMD {
  @Suite struct CholeskyQRs {
    let world = Job.world

    /// Normal numbers in 20 columns, each times a weight, mixed so that their condition number is about
    /// that of the mixing.
    private func matrix(_ grid: BlockPartition, columns m: Int, _ change: ([Float]) -> [Float])
      -> Matrix<Float>
    {
      let random = Philox(seed: 3, stream: 9)
      let mine = grid.range(of: world.rank)
      let x = Matrix<Float>(rows: mine.count, columns: m, repeating: 0)
      for (row, index) in mine.enumerated() {
        var normal = [Float](repeating: 0, count: m)
        normal.withUnsafeMutableBufferPointer { random.fillNormal($0, index: index) }
        for (column, value) in change(normal).enumerated() { x[row, column] = value }
      }
      return x
    }

    private func energy(_ x: borrowing Matrix<Float>) throws -> Double {
      // A bound, the same on every rank, is all that is needed.
      var largest = Float(0)
      for element in x.elements { largest = max(largest, abs(element)) }
      let all = Double(try world.allReduce(Double(largest), .max))
      return 2000 * 20 * all * all
    }

    @Test(arguments: [64, 700]) func theBasisIsOrthonormalAndSpansTheSame(block: Int) throws {
      let (n, m) = (1000, 20)
      let grid = BlockPartition(extent: n, blockSize: block, ranks: world.size)
      // Neighbours are at 45 degrees, and lengths differ by a factor of 100.
      func change(_ row: [Float]) -> [Float] {
        row.indices.map { (row[$0] + ($0 + 1 < m ? row[$0 + 1] : 0)) * ($0 % 2 == 0 ? 0.01 : 1) }
      }
      let x = matrix(grid, columns: m, change)
      #expect(
        try CholeskyQR(partition: grid, world: world).orthonormalize(x, energy: try energy(x)))
      let q = try world.gather(elements(of: x), filler: 0)
      let before = try world.gather(elements(of: matrix(grid, columns: m, change)), filler: 0)
      guard world.isRoot else { return }
      try Job.note("Q in blocks of \(block)", digest(q.map(Double.init)))
      let (basis, original) = (small(q, m), small(before, m))
      let product = basis.transposed.times(basis)
      for i in 0..<m {
        for j in 0..<m { #expect(abs(product[i, j] - (i == j ? 1 : 0)) < 1e-6) }
      }
      // X - Q Q^T X is what the span has lost.
      let rest = basis.times(basis.transposed.times(original))
      let lost = zip(rest.elements, original.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(lost < 1e-5)
    }

    @Test func dependentAndVeryShortColumnsAreLeftAlone() throws {
      let (n, m) = (1000, 20)
      let grid = BlockPartition(extent: n, blockSize: 64, ranks: world.size)
      for weight in [Float(0), 1e-5] {
        let changes: [([Float]) -> [Float]] = [
          { $0.enumerated().map { $0 == 7 ? weight * $1 : $1 } },
          { row in row.enumerated().map { $0 == 7 ? row[3] + weight * $1 : $1 } },
        ]
        for change in changes {
          let x = matrix(grid, columns: m, change)
          let before = elements(of: x)
          #expect(
            try !CholeskyQR(partition: grid, world: world).orthonormalize(x, energy: try energy(x)))
          #expect(elements(of: x) == before)
        }
      }
    }

    /// The matrix lives until they are copied.
    private func elements(of x: borrowing Matrix<Float>) -> [Float] { Array(x.elements) }

    private func small(_ elements: [Float], _ columns: Int) -> SmallMatrix {
      SmallMatrix(
        rows: elements.count / columns, columns: columns, elements: elements.map(Double.init))
    }
  }
}
