// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@testable import LPLR

@Suite struct SparseSketchTests {
  private static let columns = 24
  private static let sketch = SparseSketch(seed: 7, columns: columns)

  /// Normal numbers, n x d.
  private static func matrix(_ n: Int, _ d: Int) -> Matrix<Float> {
    let a = Matrix<Float>(rows: n, columns: d, repeating: 0)
    let random = Philox(seed: 1, stream: 1)
    for (index, row) in a.view.storedRows.enumerated() { random.fillNormal(row, index: index) }
    return a
  }

  @Test func eachRowHasOneSignInEachSegment() {
    let rows = Self.sketch.rows(0..<200)
    let run = Self.columns / SparseSketch.copies
    for copy in 0..<SparseSketch.copies {
      for row in 0..<200 {
        let place = rows.columns[copy * 200 + row]
        #expect((copy * run..<(copy + 1) * run).contains(place))
        #expect(abs(rows.signs[copy * 200 + row]) == 1)
      }
      // Rows of one run never meet.
      let first = rows.columns[copy * 200..<copy * 200 + run]
      #expect(Set(first).count == run)
    }
    // Both signs, about equally often: five standard deviations.
    let sum = rows.signs.reduce(0, +)
    #expect(abs(sum) < 5 * Float(rows.signs.count).squareRoot())
  }

  @Test func anyRowsAreThoseOfTheWhole() {
    let whole = Self.sketch.rows(0..<100)
    let part = Self.sketch.rows(37..<61)
    for copy in 0..<SparseSketch.copies {
      let range = copy * 100 + 37..<copy * 100 + 61
      #expect(Array(part.columns[copy * 24..<(copy + 1) * 24]) == Array(whole.columns[range]))
      #expect(Array(part.signs[copy * 24..<(copy + 1) * 24]) == Array(whole.signs[range]))
    }
  }

  /// Against the product with S as a matrix, in double precision.
  @Test func equalsTheProductWithItsMatrix() {
    let (n, d) = (90, 13)
    let a = Self.matrix(n, d)
    let zt = Matrix<Float>(rows: Self.columns, columns: d, repeating: 0)
    let rows = Self.sketch.rows(0..<n)
    rows.add(a.view, to: zt.view)
    for column in 0..<d {
      var sums = [Double](repeating: 0, count: Self.columns)
      for row in 0..<n {
        for copy in 0..<SparseSketch.copies {
          sums[rows.columns[copy * n + row]] +=
            Double(rows.signs[copy * n + row]) * Double(a[row, column])
        }
      }
      for place in 0..<Self.columns { #expect(abs(Double(zt[place, column]) - sums[place]) < 1e-5) }
    }
  }

  /// However A is stored and cut, the same bits.
  @Test(arguments: [[90], [1, 89], [17, 40, 33]]) func cutsAndLayoutsDoNotMatter(heights: [Int]) {
    let (n, d) = (90, 13)
    let a = Self.matrix(n, d)
    let whole = Matrix<Float>(rows: Self.columns, columns: d, repeating: 0)
    Self.sketch.rows(0..<n).add(a.view, to: whole.view)

    let byRows = Matrix<Float>(rows: Self.columns, columns: d, repeating: 0)
    let byColumns = Matrix<Float>(rows: d, columns: Self.columns, repeating: 0)
    var top = 0
    for height in heights {
      let rows = Self.sketch.rows(top..<top + height)
      rows.add(a.rows(top..<top + height), to: byRows.view)
      let transposed = Matrix<Float>(rows: d, columns: height, repeating: 0)
      for row in 0..<height {
        for column in 0..<d { transposed[column, row] = a[top + row, column] }
      }
      rows.add(transposed: transposed.view, to: byColumns.view)
      top += height
    }
    for place in 0..<Self.columns {
      for column in 0..<d {
        #expect(byRows[place, column] == whole[place, column])
        #expect(byColumns[column, place] == whole[place, column])
      }
    }
  }
}
