// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// All that a compression knows of itself, for programs and for the page of `lplr-dist report`.
///
/// In JSON the names are in snake case; they stay, and are listed in the article on reports.
package struct RunReport: Codable, Sendable {
  /// Raised when a key changes its meaning.
  let reportVersion: Int
  let creator: String
  // The files.
  let input: String
  let dataset: String
  let output: String
  // The matrix and what was asked for.
  let shape: [Int]
  let sourceDtype: String
  let method: String
  let basis: String
  let sketch: String
  let quantizer: String
  let blockAxis: String
  let seed: Int
  /// Columns of the basis and of the sketch.
  let width: Int
  let sketchWidth: Int
  let kernels: String
  // The factors.
  let rank: Int
  let leftBits: [Int]
  let rightBits: [Int]
  let sourceBytes: Int
  let factorBytes: Int
  let ratio: Double
  let bitsPerEntry: Double
  // The error.
  let relativeError: Double
  let errorKind: String
  let relativeErrorBound: Double
  let truncationError: Double
  let plainQuantizationError: Double
  let frobeniusNorm: Double
  /// Singular values as far as they are known.
  let singularValues: [Double]
  /// Error and bytes of the leading components, by their number from 0; empty if not known.
  let prefixError: [Double]
  let prefixBytes: [Int]
  /// Empty if the error was not measured.
  let blockErrors: [BlockError]
  // The run.
  let reads: Int
  let ranks: Int
  let slowestRank: Int
  /// Of the rank that spent most on each.
  let seconds: Seconds
  /// By rank.
  let rankSeconds: RankSeconds
  let timeline: [PhaseOfRanks]

  /// Columns first ..< end of A (rows of the file if the block axis is `rows`).
  struct BlockError: Codable, Sendable {
    let first: Int
    let end: Int
    let relativeError: Double
    /// ||A_block||_F^2 / ||A||_F^2.
    let energyShare: Double
  }

  struct Seconds: Codable, Sendable {
    let total, reading, computing, communicating, writing, waiting: Double
  }

  /// One number a rank.
  struct RankSeconds: Codable, Sendable {
    let reading, computing, communicating, writing, waiting: [Double]
  }

  /// A phase: when each rank began and ended it, and what it did in it.
  struct PhaseOfRanks: Codable, Sendable {
    let phase: String
    let start, end: [Double]
    let reading, computing, communicating, writing, waiting: [Double]
  }

  // MARK: JSON

  /// Keys in alphabetical order.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Throws `InputError` that names the file, unless it is such a report.
  package init(reading path: String) throws {
    _ = try FileIdentity(of: path)
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw InputError.noInput("\(path): cannot be read (\(error.localizedDescription))")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(RunReport.self, from: data)
    } catch {
      throw InputError.badData(
        "\(path): not a report, as `lplr-dist compress --report` writes it (\(Self.reason(error)))")
    }
    guard reportVersion == Self.version else {
      throw InputError.badData(
        "\(path): a report of version \(reportVersion), expected version \(Self.version)")
    }
    try check(path)
  }

  static let version = 1

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "the key \(key.stringValue) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "wrong type at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
    default: "not JSON"
    }
  }

  /// Lengths that the page relies on.
  private func check(_ path: String) throws {
    let columns = timeline.flatMap {
      [$0.start, $0.end, $0.reading, $0.computing, $0.communicating, $0.writing, $0.waiting]
    }
    guard shape.count == 2, leftBits.count == rank, rightBits.count == rank, rank >= 0, ranks >= 1,
      prefixError.count == prefixBytes.count, columns.allSatisfy({ $0.count == ranks })
    else {
      throw InputError.badData("\(path): lists of this report have lengths that do not agree")
    }
  }
}

extension RunReport {
  /// Of a run that has read the file `input` and written the factors to `output`; both are paths.
  package init(_ report: CompressionReport, input: String, output: String) {
    let (request, plan, error) = (report.plan.request, report.plan, report.error)
    reportVersion = Self.version
    creator = FactorFormat.creator
    (self.input, dataset, self.output) = (input, report.dataset, output)
    shape = [report.shape.rows, report.shape.columns]
    sourceDtype = report.sourceType
    (method, basis) = (request.method.rawValue, request.basis.rawValue)
    (sketch, quantizer) = (request.sketch.rawValue, request.quantizer.rawValue)
    (blockAxis, seed) = (report.axis.rawValue, Int(truncatingIfNeeded: request.seed))
    (width, sketchWidth, kernels) = (plan.width, plan.sketchWidth, BLAS.coreName)
    (rank, leftBits, rightBits) = (report.leftBits.count, report.leftBits, report.rightBits)
    (sourceBytes, factorBytes) = (report.sourceBytes, report.factorBytes)
    ratio = Double(sourceBytes) / Double(max(factorBytes, 1))
    bitsPerEntry = 8 * Double(factorBytes) / (Double(shape[0]) * Double(shape[1]))
    (relativeError, errorKind) = (error.relativeError, error.kind.rawValue)
    (relativeErrorBound, truncationError) = (error.bound, error.truncationError)
    (plainQuantizationError, frobeniusNorm) = (report.plainError, error.norm)
    (singularValues, prefixError) = (report.spectrum, report.prefixErrors)
    let (n, d) = report.shape
    prefixBytes = report.prefixErrors.indices.map { count in
      BitAllocation(
        left: report.leftBits.prefix(count).map { UInt8($0) },
        right: report.rightBits.prefix(count).map { UInt8($0) }
      ).byteCount(rows: n, columns: d)
    }
    blockErrors = report.blocks.map(Self.errors) ?? []
    (reads, ranks, slowestRank) = (report.reads, report.ranks, report.times.slowestRank)
    let times = report.times
    seconds = Seconds(
      total: times.total.rounded6, reading: times.reading.rounded6,
      computing: times.computing.rounded6, communicating: times.communicating.rounded6,
      writing: times.writing.rounded6, waiting: times.waiting.rounded6)
    timeline = Self.phases(report.timeline)
    rankSeconds = Self.byRank(timeline, ranks: report.ranks)
  }

  private static func errors(_ blocks: BlockErrors) -> [BlockError] {
    let energy = blocks.panels.reduce(0) { $0 + $1.norm }
    return blocks.panels.map { panel in
      BlockError(
        first: panel.columns.lowerBound, end: panel.columns.upperBound,
        relativeError: panel.norm > 0 ? (panel.residual / panel.norm).squareRoot() : 0,
        energyShare: energy > 0 ? panel.norm / energy : 0)
    }
  }

  private static func phases(_ timeline: Timeline) -> [PhaseOfRanks] {
    let ranks = 0..<timeline.ranks
    return timeline.phases.indices.map { phase in
      func column(_ stage: Stage) -> [Double] {
        ranks.map { timeline.seconds(stage, in: phase, rank: $0).rounded6 }
      }
      return PhaseOfRanks(
        phase: timeline.phases[phase].name,
        start: ranks.map { timeline.start(phase, rank: $0).rounded6 },
        end: ranks.map { timeline.end(phase, rank: $0).rounded6 }, reading: column(.reading),
        computing: column(.computing), communicating: column(.communicating),
        writing: column(.writing), waiting: column(.waiting))
    }
  }

  private static func byRank(_ phases: [PhaseOfRanks], ranks: Int) -> RankSeconds {
    func sums(_ column: KeyPath<PhaseOfRanks, [Double]>) -> [Double] {
      (0..<ranks).map { rank in
        phases.reduce(0) {
          $0 + ($1[keyPath: column].indices.contains(rank) ? $1[keyPath: column][rank] : 0)
        }
        .rounded6
      }
    }
    return RankSeconds(
      reading: sums(\.reading), computing: sums(\.computing), communicating: sums(\.communicating),
      writing: sums(\.writing), waiting: sums(\.waiting))
  }
}

extension Double {
  /// To a millionth: seconds below that mean nothing.
  fileprivate var rounded6: Double { (self * 1e6).rounded() / 1e6 }
}
