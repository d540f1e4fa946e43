// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// An orthonormal basis for the columns of a tall matrix X that are nearly orthogonal already, from the
/// Cholesky factor of its Gram matrix: Q = X D^-1 L^-T with D^-1 X^T X D^-1 = L L^T and D the norms of
/// the columns.
///
/// Three eighths of the flops of a TSQR, all of them in products, and one sum of m^2 numbers. The error of
/// Q^T Q is about the square of the condition number of X D^-1 times the rounding error of double
/// precision (Yamamoto, Nakatsukasa, Yanagisawa, Fukaya, "Roundoff error analysis of the CholeskyQR2
/// algorithm", ETNA 44, 2015), so what is not well conditioned is left to TSQR.
package struct CholeskyQR {
  /// The row blocks and their owners.
  package let partition: BlockPartition
  package let world: Communicator

  package init(partition: BlockPartition, world: Communicator) {
    self.partition = partition
    self.world = world
  }

  /// Replaces the rows of X that this rank owns (n_p x m) by those of Q, rounded to single precision;
  /// false, and X is as it was, if its columns are too different in length or direction. Collective.
  ///
  /// 3 n m^2 flops in double precision over all ranks, 8 m^2 bytes are sent. The same in every bit on
  /// any number of ranks.
  ///
  /// - Parameter energy: ||X||_F^2 over all ranks.
  package func orthonormalize(_ x: borrowing Matrix<Float>, energy: Double) throws -> Bool {
    precondition(x.rows == partition.range(of: world.rank).count)
    let m = x.columns
    let first = partition.range(of: world.rank).lowerBound
    var sum = GramSum(order: m, bound: energy)
    for block in partition.blocks(of: world.rank) {
      sum.add(x.rows(rows(of: block, from: first)))
    }
    let gram = try sum.total(on: world)

    // On the root, since the bits must not depend on who computes it; empty if it cannot be done.
    var elements: [Double] = []
    try world.agreeOnRoot { elements = try Self.inverse(ofRootOf: gram)?.elements ?? [] }
    elements = try world.broadcast(elements, from: 0, filler: 0)
    guard elements.count == m * m else { return false }
    elements.withUnsafeMutableBufferPointer {
      let inverse = MatrixView($0.baseAddress, rows: m, columns: m, stride: m)
      for block in partition.blocks(of: world.rank) {
        multiply(x.rows(rows(of: block, from: first)), by: inverse)
      }
    }
    return true
  }

  private func rows(of block: Int, from first: Int) -> Range<Int> {
    let range = partition.range(ofBlock: block)
    return range.lowerBound - first..<range.upperBound - first
  }

  /// X = X C in place, in double precision until it is rounded.
  private func multiply(_ x: MatrixView<Float>, by c: MatrixView<Double>) {
    let wide = x.storedRowsWidened()
    let product = Matrix<Double>(rows: x.rows, columns: c.columns, repeating: 0)
    LinearAlgebra.multiply(wide.view, c, into: product.view)
    for (target, source) in zip(x.storedRows, product.view.storedRows) {
      for index in source.indices { target[index] = Float(source[index]) }
    }
  }

  /// D^-1 L^-T of a Gram matrix, or nil if it would not be accurate.
  private static func inverse(ofRootOf gram: SmallMatrix) throws(LinearAlgebraError) -> SmallMatrix?
  {
    let m = gram.rows
    let norms = (0..<m).map { max(0, gram[$0, $0]).squareRoot() }
    // The sum that made the Gram matrix has 60 bits below the largest of all.
    guard let longest = norms.max(), let shortest = norms.min(), shortest > 1e-3 * longest else {
      return nil
    }
    let scales = norms.map { 1 / $0 }
    let scaled = gram.scalingColumns(by: scales).transposed.scalingColumns(by: scales)
    do {
      let root = try Cholesky(scaled)
      // The part of each column, of length 1, that is not in the span of those before it.
      guard (0..<m).allSatisfy({ root.lower[$0, $0] > 0.01 }) else { return nil }
      return try root.inverse().scalingColumns(by: scales).transposed
    } catch  where error.info > 0 {
      return nil
    }
  }
}
