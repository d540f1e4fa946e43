// SPDX-License-Identifier: Apache-2.0

/// A report as one page of HTML that needs nothing else: the drawings are inline, there are no
/// scripts, and colours follow the reader's preference for light or dark.
package struct ReportPage {
  let report: RunReport

  package init(_ report: RunReport) { self.report = report }

  package var html: String {
    let title = "\(report.input.split(separator: "/").last ?? ""):\(report.dataset)"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title>\(title.escaped) - lplr-dist</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <h1>\(title.escaped)</h1>
      <p>\(headline.escaped)</p>
      \(figures)
      <main>
      \(sections.joined(separator: "\n"))
      </main>
      <p class="foot">Written by \(report.creator.escaped) from report version \(report.reportVersion).</p>
      </body>
      </html>

      """
  }

  private var sections: [String] {
    [errorBySize, spectrum, bits, blocks, timeline].compactMap { $0 }
  }

  private var headline: String {
    let kind =
      switch report.errorKind {
      case "exact": "relative error \(report.relativeError.short) (exact)"
      case "bound": "relative error at most \(report.relativeError.short)"
      default:
        "relative error \(report.relativeError.short) (\(report.errorKind); at most "
          + "\(report.relativeErrorBound.short))"
      }
    let verdict =
      report.plainQuantizationError < report.relativeError
      ? " Low rank loses on this matrix: plain quantization of the same size has the smaller error."
      : ""
    return "\(report.shape[0]) x \(report.shape[1]), \(report.sourceDtype): rank \(report.rank) in "
      + "\(report.bitsPerEntry.short) bits per entry, \(report.ratio.short) times smaller, "
      + "\(kind)." + verdict
  }

  private var figures: String {
    let rows: [(String, String)] = [
      ("factors", report.output),
      (
        "bytes",
        "\(report.sourceBytes) in (\(Double(report.sourceBytes).bytes)), "
          + "\(report.factorBytes) out (\(Double(report.factorBytes).bytes))"
      ),
      (
        "method",
        "\(report.method), basis \(report.basis), sketch \(report.sketch), quantizer "
          + "\(report.quantizer), seed \(report.seed), blocks of \(report.blockAxis)"
      ),
      (
        "basis",
        "\(report.width) columns from a sketch of \(report.sketchWidth), \(report.reads) reads"
      ),
      ("bits", "\(report.leftBits.inRuns) left, \(report.rightBits.inRuns) right"),
      ("truncation", "\(report.truncationError.short) by the choice of the basis alone"),
      ("plain", "\(report.plainQuantizationError.short) by quantization alone at the same size"),
      ("seconds", secondsText),
      (
        "ranks",
        "\(report.ranks), the slowest is rank \(report.slowestRank); \(report.kernels) kernels"
      ),
    ]
    let cells = rows.map { "<tr><th>\($0.0)</th><td>\($0.1.escaped)</td></tr>" }
    return "<table>\n\(cells.joined(separator: "\n"))\n</table>"
  }

  private var secondsText: String {
    let times = report.seconds
    return "\(times.total.short) (reading \(times.reading.short), computing "
      + "\(times.computing.short), communicating \(times.communicating.short), writing "
      + "\(times.writing.short), waiting \(times.waiting.short))"
  }

  /// A drawing with its heading, the meaning of its colours, and what it says in words.
  static func section(
    _ title: String, _ drawing: Chart, legend: [(style: String, text: String)], note: String
  ) -> String {
    let keys = legend.map {
      "<span><svg class=\"key\" viewBox=\"0 0 14 14\">\(key($0.style))</svg>\($0.text.escaped)</span>"
    }
    return """
      <section>
      <h2>\(title.escaped)</h2>
      \(drawing.svg("\(title). \(note)"))
      <p class="legend">\(keys.joined(separator: " "))</p>
      <p class="note">\(note.escaped)</p>
      </section>
      """
  }

  /// As the mark looks in the drawing.
  private static func key(_ style: String) -> String {
    style == "dashes"
      ? "<line class=\"dashes\" x1=\"1\" x2=\"13\" y1=\"7\" y2=\"7\"/>"
      : "<rect class=\"\(style)\" x=\"1\" y=\"5\" width=\"12\" height=\"5\"/>"
  }

  private static let style = """
    :root { color-scheme: light dark; --page: #fff; --ink: #1c1c1e; --soft: #5a5a60; --grid: #e2e2e6;
      --one: #0b62c4; --two: #c2410c; --three: #15803d; --four: #7c3aed; --rest: #b6b6bf; }
    @media (prefers-color-scheme: dark) { :root { --page: #161618; --ink: #ececf0; --soft: #a6a6b0;
      --grid: #34343a; --one: #6cb0ff; --two: #ff9d66; --three: #5fd08a; --four: #c4a2ff; --rest: #5c5c66; } }
    body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
      max-width: 1360px; margin: 2rem auto; padding: 0 1.25rem; }
    h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
    main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 2.25rem; }
    section { min-width: 0; } svg { width: 100%; height: auto; display: block; }
    table { border-collapse: collapse; margin: 1rem 0 2rem; font-size: .9rem; }
    th { text-align: left; vertical-align: top; font-weight: 600; color: var(--soft); padding: .1rem 1.5rem .1rem 0; }
    td { padding: .1rem 0; overflow-wrap: anywhere; }
    text { fill: var(--soft); font: 12px system-ui, sans-serif; } .axis { fill: var(--ink); }
    .grid { stroke: var(--grid); } polyline { fill: none; stroke-width: 2; }
    polyline.one { stroke: var(--one); } polyline.two { stroke: var(--two); }
    polyline.three { stroke: var(--three); } polyline.rest { stroke: var(--soft); stroke-dasharray: 5 4; }
    rect.one, circle.one { fill: var(--one); } rect.two, circle.two { fill: var(--two); }
    rect.three { fill: var(--three); } rect.four { fill: var(--four); } rect.rest { fill: var(--rest); }
    rect.soft { fill: var(--one); fill-opacity: .55; } line.dashes { stroke: var(--soft); stroke-width: 2; stroke-dasharray: 3 1.5; }
    .key { display: inline-block; width: 14px; height: 14px; margin-right: .35rem; vertical-align: -2px; }
    .legend span { margin-right: 1rem; white-space: nowrap; } .legend { margin: .25rem 0 0; font-size: .85rem; }
    .note, .foot { color: var(--soft); font-size: .85rem; margin: .35rem 0 0; } .foot { margin-top: 2.5rem; }
    """
}
