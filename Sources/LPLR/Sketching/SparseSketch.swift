// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// A random n x m matrix S with `copies` signs in each row and zeros elsewhere, by which a matrix is
/// multiplied without a product: every row of A is added to or taken from a few rows of S^T A.
///
/// The columns of S form `copies` segments of q = m / copies; row i has one sign in each of them,
///
///     S[i, k q + (i + o) mod q] = +1 or -1,   o = o_k(i / q) random for each run of q rows,
///
/// so that two rows of a run never meet, and two rows of different runs meet with probability 1 / q:
/// the block construction of Nelson and Nguyen, "OSNAP" (FOCS 2013), with hashes that are rotations,
/// so that both ways of storing A are gone through along their rows. Tropp, Yurtsever, Udell, Cevher,
/// "Streaming low-rank matrix approximation" (SISC 41(4), 2019) find such maps as good as normal
/// numbers, from a few signs on.
///
/// Goals, in this order: the same bits for any cut of A into blocks, if these come in order of their
/// rows; cost of a read and not of a product (about 2 `copies` operations an element, whatever m).
struct SparseSketch {
  /// m.
  let columns: Int
  private let random: Philox
  /// q.
  private var run: Int { columns / Self.copies }

  /// With one, two columns of A that matter often share a place; from four on errors are those of
  /// dense signs (measured; see the article on the algorithm).
  static let copies = 4

  /// The number of columns is a multiple of ``copies``.
  init(seed: UInt64, columns: Int) {
    precondition(columns > 0 && columns % Self.copies == 0, "a sparse sketch of \(columns) columns")
    self.columns = columns
    random = Philox(seed: seed, stream: 3)
  }

  /// Some rows of S: where their signs are, and which.
  func rows(_ range: Range<Int>) -> Rows {
    var rows = Rows(
      range: range, width: columns,
      columns: [Int](repeating: 0, count: Self.copies * range.count),
      signs: [Float](repeating: 1, count: Self.copies * range.count))
    for (offset, index) in range.enumerated() {
      let bits = random.words(row: index, block: 0)
      let shifts = random.words(row: index / run, block: 1)
      for copy in 0..<Self.copies {
        let shift = Int(UInt64(shifts[copy]) * UInt64(run) >> 32)
        rows.columns[copy * range.count + offset] = copy * run + (index + shift) % run
        if bits[copy] >> 31 == 1 { rows.signs[copy * range.count + offset] = -1 }
      }
    }
    return rows
  }

  struct Rows {
    let range: Range<Int>
    /// m.
    let width: Int
    /// The place of each row's sign and the sign, copy after copy.
    fileprivate(set) var columns: [Int]
    fileprivate(set) var signs: [Float]

    /// Z^T += S[rows, :]^T A[rows, :], with A (rows x d) stored row after row and Z^T (m x d).
    ///
    /// Column by column the terms are added from top to bottom. Best for a strip of so few columns
    /// that Z^T stays in a cache while the rows of A pass by.
    func add(_ a: MatrixView<Float>, to zt: MatrixView<Float>) {
      precondition(!a.isTransposed && a.rows == range.count && a.columns == zt.columns)
      precondition(!zt.isTransposed && zt.rows == width)
      guard let source = a.base, let target = zt.base else { return }
      for row in 0..<a.rows {
        let values = source + row * a.stride
        for copy in 0..<SparseSketch.copies {
          let sums = target + columns[copy * a.rows + row] * zt.stride
          if signs[copy * a.rows + row] > 0 {
            addRun(values, to: sums, a.columns)
          } else {
            subtractRun(values, from: sums, a.columns)
          }
        }
      }
    }

    /// Z += A^T S[rows, :], with A^T (d x rows) stored row after row and Z (d x m).
    ///
    /// Term by term the same sums as ``add(_:to:)``.
    func add(transposed at: MatrixView<Float>, to z: MatrixView<Float>) {
      precondition(!at.isTransposed && at.columns == range.count && at.rows == z.rows)
      precondition(!z.isTransposed && z.columns == width)
      guard let source = at.base, let target = z.base else { return }
      signs.withUnsafeBufferPointer { signs in
        guard let signs = signs.baseAddress else { return }
        let diagonals = diagonals
        for column in 0..<at.rows {
          for piece in diagonals {
            addProductRun(
              source + column * at.stride + piece.first,
              signs + piece.copy * range.count + piece.first,
              to: target + column * z.stride + piece.place, piece.count)
          }
        }
      }
    }

    /// Runs of rows whose signs of one copy stand in neighbouring columns.
    private var diagonals: [(copy: Int, first: Int, count: Int, place: Int)] {
      (0..<SparseSketch.copies).flatMap { copy in
        let places = columns[copy * range.count..<(copy + 1) * range.count]
        var runs: [(copy: Int, first: Int, count: Int, place: Int)] = []
        for (row, place) in places.enumerated() {
          if let last = runs.last, last.place + last.count == place {
            runs[runs.count - 1].count += 1
          } else {
            runs.append((copy, row, 1, place))
          }
        }
        return runs
      }
    }
  }
}

private func addRun(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count { y[i] += x[i] }
}

private func subtractRun(
  _ x: UnsafePointer<Float>, from y: UnsafeMutablePointer<Float>, _ count: Int
) {
  for i in 0..<count { y[i] -= x[i] }
}

private func addProductRun(
  _ x: UnsafePointer<Float>, _ signs: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  for i in 0..<count { y[i] += x[i] * signs[i] }
}
