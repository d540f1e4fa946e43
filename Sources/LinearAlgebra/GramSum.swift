// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// The Gram matrix X^T X (m x m) of a matrix whose rows lie over the ranks in blocks: the same in every
/// bit on any number of ranks, if the blocks are the same.
package struct GramSum: ~Copyable {
  private var sum: FixedPointSum
  private let product: Matrix<Double>

  /// - Parameters:
  ///   - order: m, the columns of X.
  ///   - bound: at least the square of the norm of each column of X.
  package init(order: Int, bound: Double) {
    sum = FixedPointSum(rows: order, columns: order, bound: bound)
    product = Matrix(rows: order, columns: order, repeating: 0)
  }

  /// Adds some rows of X (k x m), either way up. k m^2 flops.
  package mutating func add(_ block: MatrixView<Double>) {
    gram(of: block, into: product)
    sum.addUpperTriangle(UnsafeBufferPointer(product.elements))
  }

  /// The same in single precision, computed in double.
  package mutating func add(_ block: MatrixView<Float>) {
    let wide = block.storedRowsWidened()
    add(block.isTransposed ? wide.view.transposed : wide.view)
  }

  /// X^T X on every rank. Collective; 8 m^2 bytes are sent.
  package consuming func total(on world: Communicator) throws -> SmallMatrix {
    var total = try sum.total(on: world)
    for i in 0..<total.rows {
      for j in 0..<i { total[i, j] = total[j, i] }
    }
    return total
  }
}
