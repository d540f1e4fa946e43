// SPDX-License-Identifier: Apache-2.0

internal import MessagePassing

/// The stretches that a run falls into; every rank goes through the same ones in the same order.
package enum Phase: Equatable, Sendable {
  /// Opening the files and planning.
  case opening
  /// The first, second, ... read of A.
  case reading(Int)
  /// Between reads: orthonormalization, small factorizations, bits.
  case solving
  /// Codes of the factors, solved against each other.
  case refining
  case writing

  /// As it is called in reports: "read 2".
  package var name: String {
    switch self {
    case .opening: "open"
    case .reading(let number): "read \(number)"
    case .solving: "solve"
    case .refining: "refine"
    case .writing: "write"
    }
  }
}

/// One phase of one rank, in seconds since its clock was started.
struct Span: Sendable {
  let phase: Phase
  let start: Double
  var end: Double
  /// What was booked in it, by ``Stage``.
  var seconds: [Double]
}

/// The phases of all ranks.
package struct Timeline: Sendable {
  /// The same on every rank.
  let phases: [Phase]
  /// start, end and the seconds of each stage, by phase; a rank after the other. On the root only.
  private let table: [Double]

  private static let width = 2 + Stage.allCases.count

  /// Collective; sends a few numbers for each phase to the root.
  init(_ spans: [Span], on world: Communicator) throws {
    phases = spans.map(\.phase)
    table = try world.gather(spans.flatMap { [$0.start, $0.end] + $0.seconds }, filler: 0)
  }

  var ranks: Int { phases.isEmpty ? 0 : table.count / (phases.count * Self.width) }

  func start(_ phase: Int, rank: Int) -> Double { self[phase, rank, 0] }
  func end(_ phase: Int, rank: Int) -> Double { self[phase, rank, 1] }

  /// What a rank booked on a stage during a phase.
  func seconds(_ stage: Stage, in phase: Int, rank: Int) -> Double {
    self[phase, rank, 2 + stage.rawValue]
  }

  private subscript(phase: Int, rank: Int, column: Int) -> Double {
    table[(rank * phases.count + phase) * Self.width + column]
  }
}
