// SPDX-License-Identifier: Apache-2.0

extension Matrix<Double> {
  /// The elements in single precision.
  package func rounded() -> Matrix<Float> {
    let result = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    round(into: result)
    return result
  }

  /// Copies the elements to a matrix of the same shape in single precision.
  package func round(into target: borrowing Matrix<Float>) {
    precondition(target.rows == rows && target.columns == columns)
    for index in elements.indices { target.elements[index] = Float(elements[index]) }
  }
}

extension Matrix<Float> {
  /// Copies the elements to a matrix of the same shape in double precision.
  package func widen(into target: borrowing Matrix<Double>) {
    precondition(target.rows == rows && target.columns == columns)
    for index in elements.indices { target.elements[index] = Double(elements[index]) }
  }
}

extension MatrixView<Float> {
  /// The stored rows in double precision, one after the other.
  package func storedRowsWidened() -> Matrix<Double> {
    let wide = Matrix<Double>(
      rows: isTransposed ? columns : rows, columns: isTransposed ? rows : columns, repeating: 0)
    for (target, source) in zip(wide.view.storedRows, storedRows) {
      for index in source.indices { target[index] = Double(source[index]) }
    }
    return wide
  }
}
