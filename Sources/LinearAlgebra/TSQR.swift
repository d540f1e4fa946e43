// SPDX-License-Identifier: Apache-2.0

package import MessagePassing

/// The QR factorization of a tall matrix whose row blocks lie on different ranks (TSQR: Demmel,
/// Grigori, Hoemmen, Langou, "Communication-optimal parallel and sequential QR and LU
/// factorizations", SIAM J. Sci. Comput. 34(1), 2012, section 3).
///
/// The reduction tree is over the numbers of the row blocks and not over ranks: node i of level k
/// joins the leaves i 2^k ..< (i + 1) 2^k, on the rank that owns the first of them. So Q and R are
/// the same in every bit for any number of ranks. All in double precision, since Q is rounded to
/// single precision later and shall stay orthonormal to 1e-8.
package struct TSQR {
  /// The row blocks and their owners.
  package let partition: BlockPartition
  /// m, the columns of the matrix.
  package let columns: Int
  package let world: Communicator

  package init(partition: BlockPartition, columns: Int, world: Communicator) {
    self.partition = partition
    self.columns = columns
    self.world = world
  }

  /// A = Q R. The rows of `a` that this rank owns (those of `partition.range(of: rank)`, n_p x m)
  /// are overwritten by the rows of Q in their first k = min(n, m) columns; R (k x m, upper
  /// triangular) is returned on every rank. Collective.
  ///
  /// About 8 n m^2 flops in all, 2 log2(blocks) messages of m^2 numbers on the longest path, and
  /// memory for the tree of about 2 m / (block size) times that of `a`.
  package func factor(_ a: borrowing Matrix<Double>) throws -> SmallMatrix {
    precondition(a.columns == columns && a.rows == partition.range(of: world.rank).count)
    var tree = Tree()
    for block in partition.blocks(of: world.rank) {
      tree.triangles[block] = SmallMatrix(
        rows: rows(ofNode: block, level: 0), columns: columns,
        elements: try qr(inPlace: leaf(block, of: a)))
    }
    for level in 1..<levels { try join(level, &tree) }
    let r = try shareRoot(tree.triangles[0])

    if owner(ofNode: 0, level: 0) == world.rank { tree.parts[0] = .identity(r.rows) }
    for level in (1..<levels).reversed() { try split(level, &tree) }
    for block in partition.blocks(of: world.rank) {
      apply(try part(block, of: tree), toLeaf: leaf(block, of: a))
    }
    return r
  }

  /// The R of A = Q R alone, for A in single precision (this rank's rows); A is left as it is.
  /// Collective. Half of the flops, and memory for one block.
  package func triangle(of a: borrowing Matrix<Float>) throws -> SmallMatrix {
    let first = partition.range(of: world.rank).lowerBound
    precondition(a.columns == columns && a.rows == partition.range(of: world.rank).count)
    var tree = Tree(hasJoints: false)
    for block in partition.blocks(of: world.rank) {
      let range = partition.range(ofBlock: block)
      let copy = a.rows(range.lowerBound - first..<range.upperBound - first).storedRowsWidened()
      tree.triangles[block] = SmallMatrix(
        rows: rows(ofNode: block, level: 0), columns: columns,
        elements: try LinearAlgebra.triangle(overwriting: copy.view))
    }
    for level in 1..<levels { try join(level, &tree) }
    return try shareRoot(tree.triangles[0])
  }

  /// What this rank knows of the nodes of the level in hand, by their numbers.
  private struct Tree {
    /// Whether the way down will be gone.
    var hasJoints = true
    /// On the way up: the R of each node.
    var triangles: [Int: SmallMatrix] = [:]
    /// The Q of each joint, by level.
    var joints: [[Int: SmallMatrix]] = [[:]]
    /// On the way down: what each node's Q must be multiplied by.
    var parts: [Int: SmallMatrix] = [:]
  }

  // MARK: Up and down the tree

  /// Joins the nodes 2i and 2i + 1 of the level below into node i.
  private func join(_ level: Int, _ tree: inout Tree) throws {
    var joined: [Int: SmallMatrix] = [:]
    var joints: [Int: SmallMatrix] = [:]
    for node in 0..<nodes(level) {
      let upper = owner(ofNode: 2 * node, level: level - 1)
      guard hasTwoChildren(node, level) else {
        if upper == world.rank { joined[node] = tree.triangles[2 * node] }
        continue
      }
      let lower = owner(ofNode: 2 * node + 1, level: level - 1)
      if lower == world.rank, upper != world.rank {
        try send(tree.triangles[2 * node + 1], to: upper)
      }
      guard upper == world.rank else { continue }
      let first = try part(2 * node, in: tree.triangles)
      let second =
        lower == upper
        ? try part(2 * node + 1, in: tree.triangles)
        : try receive(rows: rows(ofNode: 2 * node + 1, level: level - 1), columns, from: lower)
      var stacked = first.elements + second.elements
      let height = first.rows + second.rows
      let q = rows(ofNode: node, level: level)
      let r = try stacked.withUnsafeMutableBufferPointer {
        let both = MatrixView($0.baseAddress, rows: height, columns: columns, stride: columns)
        return try tree.hasJoints ? qr(inPlace: both) : LinearAlgebra.triangle(overwriting: both)
      }
      joined[node] = SmallMatrix(rows: q, columns: columns, elements: r)
      if tree.hasJoints { joints[node] = firstColumns(q, of: stacked, rows: height) }
    }
    tree.triangles = joined
    tree.joints.append(joints)
  }

  /// Multiplies the Q of each joint by its part and hands the halves down to the two children.
  private func split(_ level: Int, _ tree: inout Tree) throws {
    var parts: [Int: SmallMatrix] = [:]
    for node in 0..<nodes(level) {
      let upper = owner(ofNode: 2 * node, level: level - 1)
      guard hasTwoChildren(node, level) else {
        if upper == world.rank { parts[2 * node] = tree.parts[node] }
        continue
      }
      let lower = owner(ofNode: 2 * node + 1, level: level - 1)
      let lowerRows = rows(ofNode: 2 * node + 1, level: level - 1)
      if upper == world.rank {
        let product = try part(node, in: tree.joints[level]).times(try part(node, of: tree))
        let upperRows = product.rows - lowerRows
        let cut = upperRows * product.columns
        parts[2 * node] = SmallMatrix(
          rows: upperRows, columns: product.columns, elements: Array(product.elements[..<cut]))
        let second = SmallMatrix(
          rows: lowerRows, columns: product.columns, elements: Array(product.elements[cut...]))
        if lower == upper { parts[2 * node + 1] = second } else { try send(second, to: lower) }
      } else if lower == world.rank {
        let k = rows(ofNode: 0, level: levels - 1)
        parts[2 * node + 1] = try receive(rows: lowerRows, k, from: upper)
      }
    }
    tree.parts = parts
  }

  /// Q_leaf (h x q) times its part (q x k), in place.
  private func apply(_ part: SmallMatrix, toLeaf leaf: MatrixView<Double>) {
    let product = Matrix<Double>(rows: leaf.rows, columns: part.columns, repeating: 0)
    var elements = part.elements
    elements.withUnsafeMutableBufferPointer {
      multiply(
        leaf.block(rows: 0..<leaf.rows, columns: 0..<part.rows),
        MatrixView($0.baseAddress, rows: part.rows, columns: part.columns, stride: part.columns),
        into: product.view)
    }
    for (target, source) in zip(leaf.storedRows, product.view.storedRows) {
      _ = target.update(fromContentsOf: source)
    }
  }

  // MARK: The shape of the tree

  private var levels: Int {
    var levels = 1
    while (1 << (levels - 1)) < partition.count { levels += 1 }
    return levels
  }

  private func nodes(_ level: Int) -> Int { (partition.count + (1 << level) - 1) >> level }

  private func hasTwoChildren(_ node: Int, _ level: Int) -> Bool {
    2 * node + 1 < nodes(level - 1)
  }

  private func owner(ofNode node: Int, level: Int) -> Int {
    partition.owner(ofBlock: node << level)
  }

  /// The rows of a node's R.
  private func rows(ofNode node: Int, level: Int) -> Int {
    let first = partition.range(ofBlock: node << level).lowerBound
    let last = min(((node + 1) << level), partition.count) - 1
    return min(partition.range(ofBlock: last).upperBound - first, columns)
  }

  private func leaf(_ block: Int, of a: borrowing Matrix<Double>) -> MatrixView<Double> {
    let range = partition.range(ofBlock: block)
    let start = range.lowerBound - partition.range(of: world.rank).lowerBound
    return a.rows(start..<start + range.count)
  }

  // MARK: Parts on the move

  private func part(_ node: Int, of tree: Tree) throws -> SmallMatrix {
    try part(node, in: tree.parts)
  }

  private func part(_ node: Int, in parts: [Int: SmallMatrix]) throws -> SmallMatrix {
    guard let part = parts[node] else {
      throw LinearAlgebraError(routine: "TSQR node \(node)", info: -1, shape: (0, columns))
    }
    return part
  }

  private func firstColumns(_ count: Int, of stacked: [Double], rows: Int) -> SmallMatrix {
    var q = [Double](repeating: 0, count: rows * count)
    for i in 0..<rows {
      for j in 0..<count { q[i * count + j] = stacked[i * columns + j] }
    }
    return SmallMatrix(rows: rows, columns: count, elements: q)
  }

  private func send(_ matrix: SmallMatrix?, to other: Int) throws {
    var elements = matrix?.elements ?? []
    try elements.withUnsafeMutableBufferPointer { try world.send($0, to: other, tag: 1) }
  }

  private func receive(rows: Int, _ columns: Int, from other: Int) throws -> SmallMatrix {
    var elements = [Double](repeating: 0, count: rows * columns)
    try elements.withUnsafeMutableBufferPointer { try world.receive($0, from: other, tag: 1) }
    return SmallMatrix(rows: rows, columns: columns, elements: elements)
  }

  private func shareRoot(_ r: SmallMatrix?) throws -> SmallMatrix {
    let k = rows(ofNode: 0, level: levels - 1)
    let elements = try world.broadcast(
      r?.elements ?? [], from: owner(ofNode: 0, level: 0), filler: 0)
    return SmallMatrix(rows: k, columns: columns, elements: elements)
  }
}
