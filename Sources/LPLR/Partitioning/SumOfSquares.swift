// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import LinearAlgebra

/// ||A||_F^2 of a block in double precision. Squares of float32 cannot overflow there, so the sum
/// is finite exactly if every element is.
func sumOfSquares(_ a: MatrixView<Float>) -> Double {
  var sum = 0.0
  for run in a.storedRows { sum += sumOfSquares(UnsafeBufferPointer(run)) }
  return sum
}

/// The sum of squares of a run of elements, in eight interleaved partial sums.
func sumOfSquares(_ run: UnsafeBufferPointer<Float>) -> Double {
  let lanes = 8
  let whole = run.count / lanes * lanes
  var sums = SIMD8<Double>()
  let bytes = UnsafeRawBufferPointer(run)
  var index = 0
  while index < whole {
    let values = SIMD8<Double>(
      bytes.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self))
    sums += values * values
    index += lanes
  }
  var rest = 0.0
  for value in run[whole...] { rest += Double(value) * Double(value) }
  return sums.sum() + rest
}

/// Copies a block as it is stored, without gaps, and returns its sum of squares.
///
/// Each row is a short run far from the next one, so memory is asked for some rows ahead.
func copySummingSquares(_ a: MatrixView<Float>, to target: UnsafeMutablePointer<Float>) -> Double {
  var next = target
  var sum = 0.0
  var ahead = a.storedRows.dropFirst(4).makeIterator()
  for run in a.storedRows {
    guard let source = run.baseAddress else { continue }
    if let later = ahead.next() { prefetch(UnsafeBufferPointer(later)) }
    next.update(from: source, count: run.count)
    sum += sumOfSquares(UnsafeBufferPointer(start: next, count: run.count))
    next += run.count
  }
  return sum
}

private func prefetch(_ run: UnsafeBufferPointer<Float>) {
  guard let start = run.baseAddress else { return }
  let line = 64 / MemoryLayout<Float>.size
  for index in stride(from: 0, to: run.count, by: line) { lplr_prefetch(start + index) }
}

/// The sum of squared differences of two runs of elements of equal length, each difference in single
/// precision.
func sumOfSquaredDifferences(
  _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>
) -> Double {
  precondition(a.count == b.count)
  let lanes = 8
  let whole = a.count / lanes * lanes
  var sums = SIMD8<Double>()
  let (left, right) = (UnsafeRawBufferPointer(a), UnsafeRawBufferPointer(b))
  var index = 0
  while index < whole {
    let gaps =
      left.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
      - right.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
    let wide = SIMD8<Double>(gaps)
    sums += wide * wide
    index += lanes
  }
  var rest = 0.0
  for index in whole..<a.count {
    let gap = Double(a[index] - b[index])
    rest += gap * gap
  }
  return sums.sum() + rest
}

/// The first element that is NaN or infinite, by stored rows.
func firstNonFinite(_ a: MatrixView<Float>) -> (row: Int, column: Int)? {
  for (index, run) in a.storedRows.enumerated() {
    guard let offset = run.firstIndex(where: { !$0.isFinite }) else { continue }
    return a.isTransposed ? (offset, index) : (index, offset)
  }
  return nil
}
