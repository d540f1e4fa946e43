// SPDX-License-Identifier: Apache-2.0

/// The codebooks of all components in flat tables, for inner loops: one table for each number of bits,
/// whose elements are compared with a target in units of its component's scale.
struct ComponentQuantizers: Sendable {
  private var thresholds: [Float] = []
  private var levels: [Float] = []
  /// Of each component: where its table begins, half of its length, and its scale.
  private var components: [Component] = []

  struct Component: Sendable {
    let start: Int
    /// 0 for a component without bits.
    let half: Int
    let scale: Float
    /// 1 / scale, or 0. In double precision: the inverse of a small float32 is infinite.
    let perUnit: Double
  }

  init(bits: [UInt8], scales: [Float], codebooks: [Int: Codebook]) {
    var starts: [Int: Int] = [:]
    for (bits, book) in codebooks {
      starts[bits] = levels.count
      levels += book.levels
      // One more threshold than needed, so that both tables have the same starts.
      thresholds += book.thresholds + [.infinity]
    }
    for (bits, scale) in zip(bits, scales) {
      let start = starts[Int(bits)]
      components.append(
        Component(
          start: start ?? 0, half: start == nil ? 0 : (1 << Int(bits)) >> 1,
          scale: start == nil ? 0 : scale, perUnit: scale > 0 ? 1 / Double(scale) : 0))
    }
    if levels.isEmpty { (levels, thresholds) = ([0], [.infinity]) }
  }

  /// The tables without bounds checks; valid inside `body`.
  func withTables(_ body: (Tables) -> Void) {
    thresholds.withUnsafeBufferPointer { thresholds in
      levels.withUnsafeBufferPointer { levels in
        components.withUnsafeBufferPointer { components in
          body(Tables(thresholds: thresholds, levels: levels, components: components))
        }
      }
    }
  }

  struct Tables {
    let thresholds: UnsafeBufferPointer<Float>
    let levels: UnsafeBufferPointer<Float>
    let components: UnsafeBufferPointer<Component>

    /// The code and the value of the nearest level; a tie goes up.
    @inline(__always)
    func nearest(to target: Float, component: Int) -> (UInt16, Float) {
      let component = components[component]
      let target = Float(Double(target) * component.perUnit)
      var code = 0
      var step = component.half
      while step > 0 {
        code += target >= thresholds[component.start + code + step - 1] ? step : 0
        step >>= 1
      }
      return (
        UInt16(truncatingIfNeeded: code), levels[component.start + code] * component.scale
      )
    }

    /// The value of a code.
    @inline(__always)
    func value(of code: Int, component: Int) -> Float {
      let component = components[component]
      return levels[component.start + code] * component.scale
    }
  }
}
