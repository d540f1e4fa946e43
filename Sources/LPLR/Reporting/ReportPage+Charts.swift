// SPDX-License-Identifier: Apache-2.0

/// The drawings; each is left out where its figures are not known.
extension ReportPage {
  /// What coarser versions of the same file cost, and what plain quantization gives.
  var errorBySize: String? {
    guard report.prefixError.count > 1 else { return nil }
    // Without any component there are no bytes and all of the error.
    let points = zip(report.prefixBytes, report.prefixError).dropFirst().map { (Double($0), $1) }
    let chosen = (Double(report.factorBytes), report.relativeError)
    let plain = report.plainQuantizationError
    var chart = Chart(
      x: Chart.Axis("bytes of the leading components", of: points.map(\.0), isLogarithmic: true),
      y: Chart.Axis(
        "relative error", of: points.map(\.1) + [chosen.1, plain], isLogarithmic: true))
    chart.level(plain, "rest")
    chart.line(points, "one")
    chart.dot(
      chosen, "two",
      label: "\(report.factorBytes) bytes, relative error \(report.relativeError.short)")
    return Self.section(
      "Error against size", chart,
      legend: [
        ("one", "leading components"), ("two", "this file"),
        ("dashes", "plain quantization at the size of this file"),
      ],
      note: "\(report.rank) components in \(report.factorBytes) bytes have a relative error of "
        + "\(report.relativeError.short), plain quantization in as many bytes has \(plain.short).")
  }

  /// Singular values, and the error that truncation alone leaves.
  var spectrum: String? {
    let norm = report.frobeniusNorm
    guard report.singularValues.count > 1, norm > 0 else { return nil }
    let values = report.singularValues.enumerated().map { (Double($0 + 1), $1 / norm) }
    var kept = 0.0
    let truncation = report.singularValues.enumerated().map { index, value in
      kept += value * value / (norm * norm)
      return (Double(index + 1), max(0, 1 - kept).squareRoot())
    }
    // Below the resolution of single precision the difference means nothing.
    .filter { $0.1 > 1e-4 }
    var chart = Chart(
      x: Chart.Axis("component", of: values.map(\.0), from: 1),
      y: Chart.Axis(
        "part of the norm", of: values.map(\.1) + truncation.map(\.1), isLogarithmic: true))
    let rank = Double(report.rank)
    if rank >= 1, chart.x.range.contains(rank) {
      chart.line([(rank, chart.y.range.lowerBound), (rank, chart.y.range.upperBound)], "rest")
    }
    chart.line(values, "one")
    chart.line(truncation, "two")
    return Self.section(
      "Spectrum", chart,
      legend: [
        ("one", "singular value"), ("two", "error of truncation after it"),
        ("dashes", "rank \(report.rank)"),
      ],
      note: "\(values.count) singular values were caught; \(report.rank) components are kept.")
  }

  /// Bits of each component in both factors.
  var bits: String? {
    guard report.rank > 0 else { return nil }
    let most = Double(max(report.leftBits.max() ?? 1, report.rightBits.max() ?? 1))
    var chart = Chart(
      x: Chart.Axis("component", 0...Double(report.rank)),
      y: Chart.Axis("bits of an element", 0...(most + 0.5)))
    chart.line(Self.steps(report.leftBits), "one")
    // A little apart, so that equal bits do not hide one another.
    chart.line(Self.steps(report.rightBits).map { ($0.0, $0.1 - most / 50) }, "two")
    let mean = { (bits: [Int]) in (Double(bits.reduce(0, +)) / Double(bits.count)).short }
    return Self.section(
      "Bits of each component", chart, legend: [("one", "left"), ("two", "right")],
      note: "On average \(mean(report.leftBits)) bits left and \(mean(report.rightBits)) right.")
  }

  /// Corners only, so that long lists of equal bits stay short.
  private static func steps(_ bits: [Int]) -> [(Double, Double)] {
    var points: [(Double, Double)] = []
    for (index, value) in bits.enumerated() where index == 0 || value != bits[index - 1] {
      if let last = points.last { points.append((Double(index), last.1)) }
      points.append((Double(index), Double(value)))
    }
    if let last = points.last { points.append((Double(bits.count), last.1)) }
    return points
  }

  /// Measured error of each column block.
  var blocks: String? {
    guard !report.blockErrors.isEmpty else { return nil }
    let errors = report.blockErrors.map(\.relativeError)
    let side = report.blockAxis == "rows" ? "row" : "column"
    var chart = Chart(
      x: Chart.Axis("\(side) of the matrix", 0...Double(report.blockErrors.last?.end ?? 1)),
      y: Chart.Axis("relative error", of: errors + [report.relativeError * 1.05], from: 0))
    for block in report.blockErrors {
      chart.bar(
        Double(block.first)...Double(max(block.end, block.first + 1)),
        0...max(block.relativeError, 0), "soft",
        label: "\(side)s \(block.first):\(block.end), relative error "
          + "\(block.relativeError.short), \((100 * block.energyShare).short) % of the squared norm"
      )
    }
    chart.level(report.relativeError, "rest")
    return Self.section(
      "Error of each \(side) block", chart,
      legend: [("soft", "block"), ("dashes", "whole matrix")],
      note:
        "From \((errors.min() ?? 0).short) to \((errors.max() ?? 0).short), each relative to its block."
    )
  }

  /// What the ranks did, phase by phase.
  var timeline: String? {
    guard !report.timeline.isEmpty, report.seconds.total > 0 else { return nil }
    let shown = shownRanks
    let count = Double(shown.count)
    var axis = Chart.Axis("rank", 0...count)
    axis.hasTicks = false
    var chart = Chart(
      x: Chart.Axis("seconds", of: report.timeline.flatMap(\.end), from: 0), y: axis)
    let perLabel = max(1, shown.count / 12)
    for (line, rank) in shown.enumerated() {
      // The first rank on top.
      let low = count - Double(line) - 0.9
      if line % perLabel == 0 { chart.rowLabel("\(rank)", at: low + 0.4) }
      for phase in report.timeline { draw(phase, rank, low...low + 0.8, in: &chart) }
    }
    // The phases of the first rank shown; short ones have no room for their names.
    for phase in report.timeline {
      let (start, end) = (phase.start[shown[0]], phase.end[shown[0]])
      guard end - start > 0.06 * chart.x.range.upperBound else { continue }
      chart.columnLabel(phase.phase, at: (start + end) / 2)
    }
    let some = shown.count < report.ranks ? "\(shown.count) of \(report.ranks) ranks. " : ""
    let phases = report.timeline.map {
      "\($0.phase) (\(($0.end[shown[0]] - $0.start[shown[0]]).short) s)"
    }
    return Self.section(
      "Timeline of the ranks", chart,
      legend: [
        ("two", "waiting for the reader"), ("one", "computing"), ("three", "communicating"),
        ("four", "writing"), ("rest", "waiting for other ranks, and the rest"),
      ],
      note: some + "Phases one after the other, with the seconds of rank \(shown[0]): "
        + phases.joined(separator: ", ")
        + ". Inside a phase the shares of time are right, their order is not.")
  }

  /// A phase as shares of its time.
  private func draw(
    _ phase: RunReport.PhaseOfRanks, _ rank: Int, _ up: ClosedRange<Double>, in chart: inout Chart
  ) {
    let (start, end) = (phase.start[rank], phase.end[rank])
    guard end > start else { return }
    var place = start
    let parts = [
      ("two", "waiting for the reader", phase.reading[rank]),
      ("one", "computing", phase.computing[rank]),
      ("three", "communicating", phase.communicating[rank]),
      ("four", "writing", phase.writing[rank]),
    ]
    for (style, name, seconds) in parts where seconds > 0 {
      let next = min(end, place + seconds)
      guard next > place else { continue }
      chart.bar(
        place...next, up, style, label: "rank \(rank), \(phase.phase): \(name) \(seconds.short) s")
      place = next
    }
    if end > place {
      chart.bar(
        place...end, up, "rest",
        label: "rank \(rank), \(phase.phase): waiting and the rest \((end - place).short) s")
    }
  }

  /// All ranks, or evenly spread ones and the slowest.
  private var shownRanks: [Int] {
    let most = 48
    guard report.ranks > most else { return Array(0..<report.ranks) }
    let some = (0..<most).map { $0 * report.ranks / most }
    return Set(some + [min(max(report.slowestRank, 0), report.ranks - 1)]).sorted()
  }
}
