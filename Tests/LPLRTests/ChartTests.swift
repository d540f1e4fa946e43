// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

/// Axes and words of the drawings.
@Suite struct ChartTests {
  @Test func ticksAreRoundAndWithin() {
    let linear = Chart.Axis("x", 0...559)
    #expect(linear.ticks == [0, 200, 400])
    let small = Chart.Axis("x", 0...0.07)
    #expect(small.ticks.map(\.tick) == ["0", "0.02", "0.04", "0.06"])
    let decades = Chart.Axis("y", of: [1e-4, 1], isLogarithmic: true)
    #expect(decades.ticks.map(\.tick) == ["0.0001", "0.001", "0.01", "0.1", "1"])
    let narrow = Chart.Axis("y", of: [0.2, 0.6], isLogarithmic: true)
    #expect(narrow.ticks.count >= 2 && narrow.ticks.allSatisfy(narrow.range.contains))
  }

  @Test func placesAreBetweenTheEnds() {
    let axis = Chart.Axis("y", 0.01...100, isLogarithmic: true)
    #expect(axis.place(0.01) == 0 && axis.place(100) == 1)
    #expect(abs(axis.place(1) - 0.5) < 1e-12)
    // What is not positive has no logarithm, and lies at the end.
    #expect(axis.place(0) == 0)
    // Equal values still span something.
    let flat = Chart.Axis("y", of: [3, 3])
    #expect(flat.place(3) == 0 && flat.place(4) == 1)
    #expect(Chart.Axis("y", of: [], isLogarithmic: true).place(1).isFinite)
  }

  @Test func namesCannotBreakThePage() {
    #expect("<b>&\"'\u{7}".escaped == "&lt;b&gt;&amp;&quot;&#39; ")
    var chart = Chart(x: Chart.Axis("<x>", 0...1), y: Chart.Axis("y", 0...1))
    chart.dot((0.5, .nan), "one", label: "<script>")
    let svg = chart.svg("\"quoted\"")
    #expect(!svg.contains("<script>") && !svg.contains("<x>") && !svg.contains("nan"))
  }

  @Test(arguments: [
    (0, "0"), (0.02, "0.02"), (30, "30"), (9000, "9000"), (20_000, "20k"), (1_500_000, "1.5M"),
  ]) func numbersAreShort(value: Double, text: String) {
    #expect(value.tick == text)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (1e15, "1.0 PB"), (9.9999e14, "1.0 PB"),
  ])
  func bytesHaveUnits(value: Double, text: String) {
    #expect(value.bytes == text)
  }
}
