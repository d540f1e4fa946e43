// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A matrix whose properties are known: its singular values, up to a common factor, or a picture.
package enum MatrixKind: Equatable, Sendable {
  /// exp(-i / decay).
  case exponential(decay: Double)
  /// (i + 1)^-power.
  case polynomial(power: Double)
  /// 1 for the first components, 0 for the others.
  case lowRank(components: Int)
  /// The modified Shepp-Logan phantom (Shepp and Logan 1974; contrasts of Toft 1996), in [0, 1].
  case phantom

  /// From `name` or `name:number`; nil if it is neither of the four.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Double(parts[1]) : nil
    switch (parts.first, parts.count, number) {
    case ("exponential", 2, let decay?) where decay > 0: self = .exponential(decay: decay)
    case ("polynomial", 2, let power?) where power >= 0: self = .polynomial(power: power)
    case ("lowrank", 2, let rank?) where rank >= 1 && rank == rank.rounded() && rank < 1e6:
      self = .lowRank(components: Int(rank))
    case ("phantom", 1, nil): self = .phantom
    default: return nil
    }
  }

  /// The leading singular values, relative to the first one, of at most `most` components; none for
  /// a picture. Values below 1e-9 are left out.
  package func singularValues(most: Int) -> [Double] {
    let values: [Double]
    switch self {
    case .exponential(let decay): values = (0..<most).map { exp(-Double($0) / decay) }
    case .polynomial(let power): values = (0..<most).map { pow(Double($0 + 1), -power) }
    case .lowRank(let components): values = (0..<min(components, most)).map { _ in 1 }
    case .phantom: values = []
    }
    return Array(values.prefix { $0 >= 1e-9 })
  }
}

/// The intensity of the modified Shepp-Logan phantom at (x, y) in [-1, 1]^2, y upwards.
func phantom(x: Double, y: Double) -> Double {
  ellipses.reduce(0) { sum, ellipse in
    let (dx, dy) = (x - ellipse.x, y - ellipse.y)
    let angle = ellipse.degrees * Double.pi / 180
    let along = (dx * cos(angle) + dy * sin(angle)) / ellipse.a
    let across = (dy * cos(angle) - dx * sin(angle)) / ellipse.b
    return along * along + across * across <= 1 ? sum + ellipse.intensity : sum
  }
}

private let ellipses:
  [(intensity: Double, a: Double, b: Double, x: Double, y: Double, degrees: Double)] = [
    (1, 0.69, 0.92, 0, 0, 0),
    (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
    (-0.2, 0.11, 0.31, 0.22, 0, -18),
    (-0.2, 0.16, 0.41, -0.22, 0, 18),
    (0.1, 0.21, 0.25, 0, 0.35, 0),
    (0.1, 0.046, 0.046, 0, 0.1, 0),
    (0.1, 0.046, 0.046, 0, -0.1, 0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0),
    (0.1, 0.023, 0.023, 0, -0.606, 0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0),
  ]
