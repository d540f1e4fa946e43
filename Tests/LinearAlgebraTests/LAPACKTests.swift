// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@Suite struct LAPACKTests {
  @Test(arguments: [(20, 5), (5, 5), (4, 9), (1, 1), (1, 7), (7, 1), (130, 64)])
  func qrReconstructsWithOrthonormalColumns(rows: Int, columns: Int) throws {
    let a = random(rows, columns)
    let k = min(rows, columns)
    var stored = a.elements
    let r = try stored.withUnsafeMutableBufferPointer {
      try qr(inPlace: MatrixView($0.baseAddress, rows: rows, columns: columns, stride: columns))
    }
    let q = SmallMatrix(
      rows: rows, columns: k,
      elements: (0..<rows).flatMap { i in (0..<k).map { stored[i * columns + $0] } })
    let upper = SmallMatrix(rows: k, columns: columns, elements: r)
    #expect(distance(q.transposed.times(q), .identity(k)) < 1e-13 * Double(rows + 10))
    #expect(distance(q.times(upper), a) < 1e-13 * Double(rows + 10))
    for i in 0..<k { for j in 0..<i { #expect(upper[i, j] == 0) } }
  }

  @Test func qrOfAViewWithAStrideLeavesTheGapsAlone() throws {
    let a = random(6, 3)
    var padded = (0..<6).flatMap { i -> [Double] in [a[i, 0], a[i, 1], a[i, 2], 99, 98] }
    _ = try padded.withUnsafeMutableBufferPointer {
      try qr(inPlace: MatrixView($0.baseAddress, rows: 6, columns: 3, stride: 5))
    }
    for i in 0..<6 { #expect(padded[5 * i + 3] == 99 && padded[5 * i + 4] == 98) }
  }

  @Test(arguments: [(8, 5), (5, 8), (6, 6), (1, 1), (1, 4)])
  func singularValuesDescendAndReconstruct(rows: Int, columns: Int) throws {
    let a = random(rows, columns)
    let svd = try SingularValueDecomposition(a)
    let k = min(rows, columns)
    #expect(svd.values.count == k)
    #expect(zip(svd.values, svd.values.dropFirst()).allSatisfy { $0 >= $1 && $1 >= 0 })
    var scaled = svd.vt
    for i in 0..<k { for j in 0..<columns { scaled[i, j] *= svd.values[i] } }
    #expect(distance(svd.u.times(scaled), a) < 1e-12)
    #expect(distance(svd.u.transposed.times(svd.u), .identity(k)) < 1e-12)
  }

  @Test(arguments: [(8, 5), (5, 8), (6, 6)])
  func pseudoinverseMeetsTheFourConditions(rows: Int, columns: Int) throws {
    // Rank 3, whatever the shape.
    let a = random(rows, 3).times(random(3, columns))
    let inverse = try SingularValueDecomposition(a).pseudoinverse(cutoff: 1e-10)
    #expect(distance(a.times(inverse).times(a), a) < 1e-10)
    #expect(distance(inverse.times(a).times(inverse), inverse) < 1e-10)
    #expect(distance(a.times(inverse), a.times(inverse).transposed) < 1e-10)
    #expect(distance(inverse.times(a), inverse.times(a).transposed) < 1e-10)
  }

  @Test func pseudoinverseOfZeroIsZero() throws {
    let zero = SmallMatrix(rows: 3, columns: 2, elements: [0, 0, 0, 0, 0, 0])
    let inverse = try SingularValueDecomposition(zero).pseudoinverse(cutoff: 1e-7)
    #expect(inverse.elements == [0, 0, 0, 0, 0, 0])
    #expect(inverse.rows == 2 && inverse.columns == 3)
  }

  private func random(_ rows: Int, _ columns: Int) -> SmallMatrix {
    var elements: [Double] = []
    for row in 0..<rows {
      var values = [Float](repeating: 0, count: columns)
      values.withUnsafeMutableBufferPointer {
        Philox(seed: UInt64(rows), stream: UInt64(columns)).fillNormal($0, index: row)
      }
      elements += values.map(Double.init)
    }
    return SmallMatrix(rows: rows, columns: columns, elements: elements)
  }

  private func distance(_ a: SmallMatrix, _ b: SmallMatrix) -> Double {
    zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0
  }
}
