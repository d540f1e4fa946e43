// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A dense matrix in memory of its own: `rows` x `columns`, row-major, without padding.
///
/// Noncopyable, so that no block is copied by accident; freed at the end of its scope.
///
/// Public with its views, though only this package uses them: generic code of `package` access is
/// neither specialized nor inlined in other modules (Swift 6.3; 8 % of a run).
public struct Matrix<Scalar: BitwiseCopyable>: ~Copyable {
  /// Its extent, down.
  public let rows: Int
  /// Its extent, across.
  public let columns: Int
  /// The elements, row after row; valid as long as the matrix.
  public let elements: UnsafeMutableBufferPointer<Scalar>

  /// A matrix with every element `value`.
  @inlinable
  public init(rows: Int, columns: Int, repeating value: Scalar) {
    precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    let count = rows * columns
    elements = UnsafeMutableBufferPointer(
      start: allocateZeros(byteCount: count * MemoryLayout<Scalar>.stride)
        .bindMemory(to: Scalar.self, capacity: count), count: count)
    if withUnsafeBytes(of: value, { $0.contains { $0 != 0 } }) { elements.update(repeating: value) }
  }

  deinit { free(elements.baseAddress) }

  /// The whole matrix, seen without ownership; valid as long as the matrix.
  @inlinable
  public var view: MatrixView<Scalar> {
    MatrixView(elements.baseAddress, rows: rows, columns: columns, stride: columns)
  }

  /// Some of its rows, seen without ownership; valid as long as the matrix.
  @inlinable
  public func rows(_ range: Range<Int>) -> MatrixView<Scalar> {
    view.block(rows: range, columns: 0..<columns)
  }

  /// The element in a row and a column; not checked against the extents.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    get { elements[row * columns + column] }
    nonmutating set { elements[row * columns + column] = newValue }
  }
}

/// Memory from the C library: zeros come from pages that are not touched before they are used.
@usableFromInline
func allocateZeros(byteCount: Int) -> UnsafeMutableRawPointer {
  guard let memory = calloc(max(byteCount, 1), 1) else {
    // What a plan promises has been checked before; nothing could go on from here on any rank.
    fatalError("no memory for a matrix of \(byteCount) bytes")
  }
  return memory
}

/// A rectangle of a matrix that somebody else owns, possibly seen transposed.
///
/// Element (i, j) is `base[i * stride + j]`, or `base[j * stride + i]` if `isTransposed`.
public struct MatrixView<Scalar: BitwiseCopyable> {
  /// The first element; nil only if the view is empty.
  public let base: UnsafeMutablePointer<Scalar>?
  /// Its extent, down, as it is seen.
  public let rows: Int
  /// Its extent, across, as it is seen.
  public let columns: Int
  /// Elements from one stored row to the next.
  public let stride: Int
  /// Whether stored rows are seen as columns.
  public let isTransposed: Bool

  /// A view of memory that holds `rows` stored rows of `columns` elements, or the other way round if
  /// it is transposed.
  @inlinable
  public init(
    _ base: UnsafeMutablePointer<Scalar>?, rows: Int, columns: Int, stride: Int,
    isTransposed: Bool = false
  ) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// The same memory as the transposed matrix.
  @inlinable
  public var transposed: MatrixView {
    MatrixView(base, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }

  /// A rectangle of this rectangle.
  @inlinable
  public func block(rows: Range<Int>, columns: Range<Int>) -> MatrixView {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns,
      "block \(rows) x \(columns) of a matrix of \(self.rows) x \(self.columns)")
    let offset =
      isTransposed
      ? columns.lowerBound * stride + rows.lowerBound
      : rows.lowerBound * stride + columns.lowerBound
    return MatrixView(
      base.map { $0 + offset }, rows: rows.count, columns: columns.count, stride: stride,
      isTransposed: isTransposed)
  }

  /// The stored rows, one contiguous run of elements each, whichever way the view is turned.
  @inlinable
  public var storedRows: StoredRows<Scalar> {
    StoredRows(
      start: base, stride: stride, length: isTransposed ? rows : columns,
      left: isTransposed ? columns : rows)
  }
}

/// The rows of a view as they lie in memory.
public struct StoredRows<Scalar: BitwiseCopyable>: Sequence, IteratorProtocol {
  @usableFromInline var start: UnsafeMutablePointer<Scalar>?
  @usableFromInline let stride: Int
  @usableFromInline let length: Int
  @usableFromInline var left: Int

  @inlinable
  init(start: UnsafeMutablePointer<Scalar>?, stride: Int, length: Int, left: Int) {
    self.start = start
    self.stride = stride
    self.length = length
    self.left = left
  }

  /// The rows that are left.
  @inlinable public var underestimatedCount: Int { left }

  /// The next row.
  @inlinable
  public mutating func next() -> UnsafeMutableBufferPointer<Scalar>? {
    guard left > 0 else { return nil }
    left -= 1
    let row = UnsafeMutableBufferPointer(start: start, count: length)
    // Without closures, which keep the compiler from inlining this into other modules.
    if let first = start { start = first + stride }
    return row
  }
}
