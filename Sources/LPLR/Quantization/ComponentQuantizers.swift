// SPDX-License-Identifier: Apache-2.0

/// The codebooks of all components in flat tables, for inner loops: one table for each number of bits,
/// whose elements are compared with a target in units of its component's scale.
///
/// A code is found from the cell of an even grid that the target falls into: the grid has several cells
/// for a level, so the first code of the cell is the right one or nearly.
struct ComponentQuantizers: Sendable {
  private var thresholds: [Float] = []
  private var levels: [Float] = []
  /// The least code of each cell.
  private var firstCodes: [UInt16] = []
  private var components: [Component] = []

  struct Component: Sendable {
    /// Where levels and thresholds of its codebook begin.
    var start = 0
    /// The even grid: where its cells begin, the lower end of the first, cells per unit, the last.
    var firstCell = 0
    var origin: Float = 0
    var cellsPerUnit: Float = 0
    var lastCell: Float = 0
    /// 0 for a component without bits.
    var scale: Float = 0
    /// 1 / scale, or 0. In double precision: the inverse of a small float32 is infinite.
    var perUnit = 0.0
  }

  private static let cellsPerLevel = 4

  init(bits: [UInt8], scales: [Float], codebooks: [Int: Codebook]) {
    var grids: [Int: Component] = [:]
    for (bits, book) in codebooks { grids[bits] = append(book) }
    for (bits, scale) in zip(bits, scales) {
      var component = grids[Int(bits)] ?? Component()
      if grids[Int(bits)] != nil {
        component.scale = scale
        component.perUnit = scale > 0 ? 1 / Double(scale) : 0
      }
      components.append(component)
    }
    if levels.isEmpty { (levels, thresholds, firstCodes) = ([0], [.infinity], [0]) }
  }

  private mutating func append(_ book: Codebook) -> Component {
    let lower = book.thresholds[0]
    let width = book.thresholds[book.thresholds.count - 1] - lower
    let count = width > 0 ? Self.cellsPerLevel * book.levels.count : 1
    var grid = Component(start: levels.count, firstCell: firstCodes.count, origin: lower)
    grid.cellsPerUnit = width > 0 ? Float(count) / width : 0
    grid.lastCell = Float(count - 1)
    if !grid.cellsPerUnit.isFinite { (grid.cellsPerUnit, grid.lastCell) = (0, 0) }
    // Codes below the first threshold have a target below the grid: the first cell must know them.
    var code = 0
    for cell in 0...Int(grid.lastCell) {
      // One cell back, so that the rounding of a target's cell does not matter.
      let left = lower + Float(cell - 1) / max(grid.cellsPerUnit, .leastNormalMagnitude)
      while cell > 0, code < book.thresholds.count, book.thresholds[code] <= left { code += 1 }
      firstCodes.append(UInt16(code))
    }
    levels += book.levels
    // One more threshold than needed, so that both tables have the same starts.
    thresholds += book.thresholds + [.infinity]
    return grid
  }

  /// The tables without bounds checks; valid inside `body`.
  func withTables(_ body: (Tables) -> Void) {
    thresholds.withUnsafeBufferPointer { thresholds in
      levels.withUnsafeBufferPointer { levels in
        firstCodes.withUnsafeBufferPointer { firstCodes in
          components.withUnsafeBufferPointer { components in
            body(
              Tables(
                thresholds: thresholds, levels: levels, firstCodes: firstCodes,
                components: components))
          }
        }
      }
    }
  }

  struct Tables {
    let thresholds: UnsafeBufferPointer<Float>
    let levels: UnsafeBufferPointer<Float>
    let firstCodes: UnsafeBufferPointer<UInt16>
    let components: UnsafeBufferPointer<Component>

    /// The code and the value of the nearest level; a tie goes up.
    @inline(__always)
    func nearest(to target: Float, component: Int) -> (UInt16, Float) {
      let component = components[component]
      let target = Float(Double(target) * component.perUnit)
      let cell = max(
        0, min((target - component.origin) * component.cellsPerUnit, component.lastCell))
      var code = Int(firstCodes[component.firstCell + Int(cell)])
      // Most targets are at most two steps away, which need no branch.
      code += target >= thresholds[component.start + code] ? 1 : 0
      code += target >= thresholds[component.start + code] ? 1 : 0
      while target >= thresholds[component.start + code] { code += 1 }
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
