// SPDX-License-Identifier: Apache-2.0

/// An error that says with which status the whole job ends.
package protocol JobError: Error {
  /// The exit status of every rank, one of ``ExitStatus``.
  var exitStatus: Int32 { get }
}

/// The exit statuses of the program, after BSD's `sysexits.h`.
package enum ExitStatus {
  /// The command line is wrong (`EX_USAGE`).
  package static let usage: Int32 = 64
  /// The input is not what it must be (`EX_DATAERR`).
  package static let badData: Int32 = 65
  /// The input does not exist or cannot be opened (`EX_NOINPUT`).
  package static let noInput: Int32 = 66
  /// A fault of this program or of a library (`EX_SOFTWARE`).
  package static let internalError: Int32 = 70
  /// The output cannot be created (`EX_CANTCREAT`).
  package static let cannotCreate: Int32 = 73
  /// Reading or writing failed (`EX_IOERR`).
  package static let inputOutput: Int32 = 74
  /// Stopped on request; the same command goes on later (`EX_TEMPFAIL`).
  package static let later: Int32 = 75
}

/// A failure that every rank knows of; this rank is the one to report it.
package struct AgreedFailure: JobError, CustomStringConvertible {
  /// What went wrong on this rank.
  package let underlying: any Error

  package init(_ underlying: any Error) { self.underlying = underlying }

  package var exitStatus: Int32 { Self.status(of: underlying) }
  package var description: String { "\(underlying)" }

  /// The status an error asks for; an unknown error is a fault of ours.
  static func status(of error: any Error) -> Int32 {
    (error as? any JobError)?.exitStatus ?? ExitStatus.internalError
  }
}

/// A failure on another rank, which reports it; this rank ends silently.
package struct PeerFailure: JobError, CustomStringConvertible {
  /// The rank that failed and reports.
  package let rank: Int
  package let exitStatus: Int32

  package var description: String { "rank \(rank) failed" }
}
