// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// How the values of each component are spread, as far as the levels for normal numbers must know.
///
/// Singular directions of most matrices are close to normal, and then the scale of a component is its
/// root mean square. Where a few rows hold most of it (rows of zeros, outliers), this scale would cut
/// them off: there the levels are spread so that the squared error is least.
struct ComponentShapes: Sendable {
  /// Of each component, the scale of its levels over its root mean square.
  private(set) var scales: [Double]
  /// Of each component, the mean squared error in its bits over its mean square.
  private(set) var distortions: [Double]

  /// Whether all components are taken for normal ones.
  var areNormal: Bool { scales.allSatisfy { $0 == 1 } }

  /// Normal components.
  init(bits: [UInt8]) {
    scales = bits.map { _ in 1 }
    distortions = bits.map { DistortionTable.normal.values[Int($0)] }
  }

  /// Components with at most so many times the error of normal numbers are left alone.
  private static let tolerated = 1.25
  /// Scales are fitted if that saves as much as the squared error that normal numbers would have.
  /// Chance outliers in components of many bits promise less, and refinement does not keep it.
  private static let worthwhile = 1.0
  /// Histograms are too coarse for longer codes; these take the scale of codes so long.
  private static let longest = 8

  /// Of the leading components of X (this rank's rows), whose sums of squares over all `rows` rows are
  /// known. Collective; two sweeps over them and one reduction of the histograms.
  init(
    of x: borrowing Matrix<Float>, squares: [Double], rows: Int, bits: [UInt8],
    on world: Communicator
  ) throws {
    let r = bits.count
    let normal = DistortionTable.normal.values
    scales = [Double](repeating: 0, count: r)
    distortions = scales
    var saved = scales
    let histogram = try MagnitudeHistogram(
      of: x.view.block(rows: 0..<x.rows, columns: 0..<r), on: world)
    for component in stride(from: world.rank, to: r, by: world.size) {
      scales[component] = 1
      distortions[component] = normal[Int(bits[component])]
      let length = min(Int(bits[component]), Self.longest)
      guard length > 0, squares[component] > 0 else { continue }
      let book = Codebook.normal(bits: length)
      let usual = (squares[component] / Double(rows)).squareRoot()
      let excess =
        histogram.squaredError(of: component, in: book, scale: usual)
        / (normal[length] * squares[component])
      guard excess > Self.tolerated else { continue }
      let best = histogram.bestFit(of: component, in: book)
      guard best.scale > usual else { continue }
      let rest = best.error / (normal[length] * squares[component])
      scales[component] = best.scale / usual
      distortions[component] *= rest
      saved[component] = excess - rest
    }
    try world.allReduce(&scales, .sum)
    try world.allReduce(&distortions, .sum)
    try world.allReduce(&saved, .sum)
    // An error in one factor counts by the square of the other: once more by the component's.
    let weights = zip(squares, bits).map { $0 * $0 * normal[Int($1)] }
    let gain = zip(weights, saved).reduce(0) { $0 + $1.0 * $1.1 }
    if gain < Self.worthwhile * weights.reduce(0, +) { self = ComponentShapes(bits: bits) }
  }
}
