// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// The Gram matrix X^T X (m x m) of a matrix whose rows lie over the ranks in blocks: the same in every
/// bit on any number of ranks, if the blocks are the same.
package struct GramSum: ~Copyable {
  private var sum: FixedPointSum
  private let product: Matrix<Double>

  /// - Parameters:
  ///   - order: m, the columns of X.
  ///   - bound: ||X||_F^2 over all ranks, which no element of the result exceeds.
  package init(order: Int, bound: Double) {
    sum = FixedPointSum(rows: order, columns: order, bound: bound)
    product = Matrix(rows: order, columns: order, repeating: 0)
  }

  /// Adds some rows of X (k x m), either way up. k m^2 flops in double precision.
  package mutating func add(_ block: MatrixView<Float>) {
    let wide = Matrix<Double>(
      rows: block.isTransposed ? block.columns : block.rows,
      columns: block.isTransposed ? block.rows : block.columns, repeating: 0)
    for (target, source) in zip(wide.view.storedRows, block.storedRows) {
      for index in source.indices { target[index] = Double(source[index]) }
    }
    gram(of: block.isTransposed ? wide.view.transposed : wide.view, into: product)
    sum.add(UnsafeBufferPointer(product.elements))
  }

  /// X^T X on every rank. Collective; 8 m^2 bytes are sent.
  package consuming func total(on world: Communicator) throws -> SmallMatrix {
    try sum.total(on: world)
  }
}
