// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@Suite struct MatrixTests {
  /// Element (i, j) is 10 i + j.
  private func counted(_ rows: Int, _ columns: Int) -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    for i in 0..<rows { for j in 0..<columns { matrix[i, j] = Float(10 * i + j) } }
    return matrix
  }

  private func elements(_ view: MatrixView<Float>) -> [[Float]] {
    view.storedRows.map { Array($0) }
  }

  @Test func aBlockIsThatRectangle() {
    let matrix = counted(4, 5)
    #expect(
      elements(matrix.view.block(rows: 1..<3, columns: 2..<5)) == [[12, 13, 14], [22, 23, 24]])
    #expect(elements(matrix.rows(3..<4)) == [[30, 31, 32, 33, 34]])
    #expect(elements(matrix.rows(2..<2)).isEmpty)
  }

  @Test func aBlockOfATransposedViewIsTheTransposedBlock() {
    let matrix = counted(4, 5)
    let block = matrix.view.transposed.block(rows: 2..<5, columns: 1..<3)
    #expect(block.isTransposed && block.rows == 3 && block.columns == 2)
    // Stored as rows of the matrix itself.
    #expect(elements(block) == [[12, 13, 14], [22, 23, 24]])
    #expect(block.transposed.rows == 2 && !block.transposed.isTransposed)
  }

  @Test func blocksOfBlocksAddUp() {
    let matrix = counted(6, 6)
    let inner = matrix.view.block(rows: 1..<5, columns: 1..<5).transposed
      .block(rows: 1..<3, columns: 2..<4)
    // Rows of the transposed view are columns of the matrix: columns 2 and 3, rows 3 and 4.
    #expect(elements(inner) == [[32, 33], [42, 43]])
  }

  @Test(arguments: [(3, 4, 5), (1, 1, 1), (17, 9, 33), (5, 40, 2)])
  func productsOfAllTurnsAreTheSchoolbookProduct(m: Int, k: Int, n: Int) {
    let a = random(m, k, stream: 1)
    let b = random(k, n, stream: 2)
    let at = transposed(a)
    let bt = transposed(b)
    for (left, right) in [
      (a.view, b.view), (at.view.transposed, b.view), (a.view, bt.view.transposed),
      (at.view.transposed, bt.view.transposed),
    ] {
      let c = Matrix<Float>(rows: m, columns: n, repeating: 2)
      multiply(left, right, into: c.view, alpha: -1, beta: 3)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(0.0) { $0 + Double(a[i, $1]) * Double(b[$1, j]) }
          #expect(abs(Double(c[i, j]) - (6 - sum)) < 1e-4)
        }
      }
    }
  }

  @Test func aProductIntoABlockLeavesTheRestAlone() {
    let c = Matrix<Float>(rows: 3, columns: 3, repeating: 7)
    let one = Matrix<Float>(rows: 1, columns: 1, repeating: 2)
    multiply(one.view, one.view, into: c.view.block(rows: 1..<2, columns: 1..<2))
    #expect(Array(c.elements) == [7, 7, 7, 7, 4, 7, 7, 7, 7])
  }

  private func random(_ rows: Int, _ columns: Int, stream: UInt64) -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    let random = Philox(seed: 5, stream: stream)
    for (index, row) in matrix.view.storedRows.enumerated() { random.fillNormal(row, index: index) }
    return matrix
  }

  private func transposed(_ matrix: borrowing Matrix<Float>) -> Matrix<Float> {
    let result = Matrix<Float>(rows: matrix.columns, columns: matrix.rows, repeating: 0)
    for i in 0..<matrix.rows { for j in 0..<matrix.columns { result[j, i] = matrix[i, j] } }
    return result
  }
}
