// SPDX-License-Identifier: Apache-2.0

/// One drawing in SVG: a frame with two axes, and marks in the units of the data.
///
/// Colours are classes, which the page's style sheet gives for light and dark.
struct Chart {
  let x: Axis
  let y: Axis
  /// Pixels.
  let width = 640.0
  let height = 300.0
  private var marks: [String] = []

  private static let margin = (left: 76.0, right: 16.0, top: 18.0, bottom: 46.0)

  init(x: Axis, y: Axis) {
    self.x = x
    self.y = y
  }

  /// What one direction shows.
  struct Axis {
    let title: String
    let range: ClosedRange<Double>
    let isLogarithmic: Bool
    /// Whether there are numbers along it.
    var hasTicks = true

    /// An axis for these values; a logarithmic one leaves out what is not positive.
    init(
      _ title: String, of values: [Double], isLogarithmic: Bool = false, from least: Double? = nil
    ) {
      let shown =
        isLogarithmic ? values.filter { $0 > 0 && $0.isFinite } : values.filter(\.isFinite)
      var low = least ?? shown.min() ?? (isLogarithmic ? 0.1 : 0)
      var high = shown.max() ?? 1
      if isLogarithmic {
        // At most 12 decades: beyond them are rounding errors.
        low = max(low, high * 1e-12) / 1.15
        high *= 1.15
      } else if high <= low {
        (low, high) = (low, low + 1)
      }
      self.init(title, low...high, isLogarithmic: isLogarithmic)
    }

    init(_ title: String, _ range: ClosedRange<Double>, isLogarithmic: Bool = false) {
      (self.title, self.range, self.isLogarithmic) = (title, range, isLogarithmic)
    }

    /// From 0 to 1.
    func place(_ value: Double) -> Double {
      let (low, high) = (range.lowerBound, range.upperBound)
      guard isLogarithmic else { return (value - low) / (high - low) }
      return (max(value, low).log10 - low.log10) / (high.log10 - low.log10)
    }

    /// Round numbers along the axis, about five.
    var ticks: [Double] {
      guard hasTicks else { return [] }
      let (low, high) = (range.lowerBound, range.upperBound)
      if isLogarithmic {
        let decades = high.log10 - low.log10
        let parts: [Double] = decades > 2.5 ? [1] : decades > 1.1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7]
        let step = decades > 7 ? 2 : 1
        let first = Int(low.log10.rounded(.down))
        let powers = stride(from: first, through: Int(high.log10.rounded(.up)), by: step)
        return powers.flatMap { power in parts.map { $0 * .powerOfTen(power) } }.filter(
          range.contains)
      }
      let rough = (high - low) / 5
      let unit = Double.powerOfTen(Int(rough.log10.rounded(.down)))
      let step = [1, 2, 5, 10].map { $0 * unit }.first { $0 >= rough } ?? rough
      return stride(from: (low / step).rounded(.up) * step, through: high * (1 + 1e-9), by: step)
        .map { ($0 / step).rounded() * step }
    }
  }

  // MARK: Marks

  /// A line through points, in their order; at most a thousand of them are drawn.
  mutating func line(_ points: [(Double, Double)], _ style: String) {
    let step = max(1, points.count / 1000)
    let shown = points.enumerated().filter {
      $0.offset % step == 0 || $0.offset == points.count - 1
    }
    let path = shown.map { "\(px($0.element.0)),\(py($0.element.1))" }.joined(separator: " ")
    marks.append("<polyline class=\"\(style)\" points=\"\(path)\"/>")
  }

  /// A line across at one value.
  mutating func level(_ value: Double, _ style: String) {
    line([(x.range.lowerBound, value), (x.range.upperBound, value)], style)
  }

  mutating func dot(_ point: (Double, Double), _ style: String, label: String) {
    marks.append(
      "<circle class=\"\(style)\" cx=\"\(px(point.0))\" cy=\"\(py(point.1))\" r=\"5\">"
        + "<title>\(label.escaped)</title></circle>")
  }

  /// A rectangle between two points, with what it says when pointed at.
  mutating func bar(
    _ across: ClosedRange<Double>, _ up: ClosedRange<Double>, _ style: String, label: String
  ) {
    let (left, right) = (position(across.lowerBound), position(across.upperBound))
    let (top, bottom) = (elevation(up.upperBound), elevation(up.lowerBound))
    marks.append(
      "<rect class=\"\(style)\" x=\"\(left.pixels)\" y=\"\(top.pixels)\" "
        + "width=\"\(max(right - left, 0.4).pixels)\" height=\"\(max(bottom - top, 0.4).pixels)\">"
        + "<title>\(label.escaped)</title></rect>")
  }

  /// Words beside the vertical axis, where it has no numbers.
  mutating func rowLabel(_ text: String, at value: Double) {
    marks.append(
      "<text class=\"tick\" x=\"\((Self.margin.left - 8).pixels)\" y=\"\((elevation(value) + 4).pixels)\" "
        + "text-anchor=\"end\">\(text.escaped)</text>")
  }

  /// Words above the frame.
  mutating func columnLabel(_ text: String, at value: Double) {
    marks.append(
      "<text class=\"tick\" x=\"\(px(value))\" y=\"\((Self.margin.top - 6).pixels)\" "
        + "text-anchor=\"middle\">\(text.escaped)</text>")
  }

  // MARK: SVG

  /// The drawing; `description` is for those who cannot see it.
  func svg(_ description: String) -> String {
    let (left, right) = (position(x.range.lowerBound), position(x.range.upperBound))
    let (top, bottom) = (elevation(y.range.upperBound), elevation(y.range.lowerBound))
    let middle = ((left + right) / 2).pixels
    let centre = ((top + bottom) / 2).pixels
    let across = x.ticks.map { value in
      "<line class=\"grid\" x1=\"\(px(value))\" x2=\"\(px(value))\" y1=\"\(top.pixels)\" "
        + "y2=\"\(bottom.pixels)\"/><text class=\"tick\" x=\"\(px(value))\" "
        + "y=\"\((bottom + 16).pixels)\" text-anchor=\"middle\">\(value.tick)</text>"
    }
    let up = y.ticks.map { value in
      "<line class=\"grid\" x1=\"\(left.pixels)\" x2=\"\(right.pixels)\" y1=\"\(py(value))\" "
        + "y2=\"\(py(value))\"/><text class=\"tick\" x=\"\((left - 8).pixels)\" "
        + "y=\"\((elevation(value) + 4).pixels)\" text-anchor=\"end\">\(value.tick)</text>"
    }
    let titles = """
      <text class="axis" x="\(middle)" y="\((height - 6).pixels)" text-anchor="middle">\(x.title.escaped)</text>
      <text class="axis" transform="translate(14 \(centre)) rotate(-90)" text-anchor="middle">\(y.title.escaped)</text>
      """
    return """
      <svg viewBox="0 0 \(width.pixels) \(height.pixels)" role="img" aria-label="\(description.escaped)">
      \((across + up + marks).joined(separator: "\n"))
      \(titles)
      </svg>
      """
  }

  private func position(_ value: Double) -> Double {
    Self.margin.left + x.place(value) * (width - Self.margin.left - Self.margin.right)
  }

  private func elevation(_ value: Double) -> Double {
    height - Self.margin.bottom - y.place(value) * (height - Self.margin.top - Self.margin.bottom)
  }

  private func px(_ value: Double) -> String { position(value).pixels }
  private func py(_ value: Double) -> String { elevation(value).pixels }
}
