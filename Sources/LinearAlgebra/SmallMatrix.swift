// SPDX-License-Identifier: Apache-2.0

/// A small matrix as a value: what travels between ranks and stands in results.
package struct SmallMatrix: Equatable, Sendable {
  package let rows: Int
  package let columns: Int
  /// Row-major.
  package var elements: [Double]

  package init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns, "\(elements.count) of \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// The matrix of zeros with ones on its diagonal.
  package static func identity(_ order: Int) -> SmallMatrix {
    var matrix = SmallMatrix(
      rows: order, columns: order, elements: [Double](repeating: 0, count: order * order))
    for i in 0..<order { matrix[i, i] = 1 }
    return matrix
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// A B, with A this matrix.
  package func times(_ other: SmallMatrix) -> SmallMatrix {
    var a = elements
    var b = other.elements
    var c = [Double](repeating: 0, count: rows * other.columns)
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          multiply(
            MatrixView(a.baseAddress, rows: rows, columns: columns, stride: columns),
            MatrixView(
              b.baseAddress, rows: other.rows, columns: other.columns, stride: other.columns),
            into: MatrixView(
              c.baseAddress, rows: rows, columns: other.columns, stride: other.columns))
        }
      }
    }
    return SmallMatrix(rows: rows, columns: other.columns, elements: c)
  }

  /// The transposed matrix.
  package var transposed: SmallMatrix {
    var result = SmallMatrix(
      rows: columns, columns: rows, elements: [Double](repeating: 0, count: elements.count))
    for i in 0..<rows {
      for j in 0..<columns { result[j, i] = self[i, j] }
    }
    return result
  }

  /// The leading columns.
  package func firstColumns(_ count: Int) -> SmallMatrix {
    var result = SmallMatrix(
      rows: rows, columns: count, elements: [Double](repeating: 0, count: rows * count))
    for i in 0..<rows {
      for j in 0..<count { result[i, j] = self[i, j] }
    }
    return result
  }

  /// sum_ij A_ij B_ij, with A this matrix.
  package func inner(_ other: SmallMatrix) -> Double {
    precondition(rows == other.rows && columns == other.columns)
    return zip(elements, other.elements).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The matrix with column j multiplied by `factors[j]`.
  package func scalingColumns(by factors: [Double]) -> SmallMatrix {
    precondition(factors.count == columns)
    var result = self
    for i in 0..<rows {
      for j in 0..<columns { result[i, j] *= factors[j] }
    }
    return result
  }

  /// The elements rounded to single precision, as a matrix for products.
  package func rounded() -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    for (index, element) in elements.enumerated() { matrix.elements[index] = Float(element) }
    return matrix
  }
}
