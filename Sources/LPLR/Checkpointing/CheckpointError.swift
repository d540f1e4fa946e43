// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing
internal import ParallelHDF5

/// A checkpoint that cannot be gone on from.
package struct CheckpointError: JobError, CustomStringConvertible {
  let exitStatus: Int32
  package let description: String

  /// Parts are missing or not what was written.
  static func damaged(_ text: String) -> CheckpointError {
    CheckpointError(exitStatus: ExitStatus.badData, description: text)
  }

  /// A file that cannot be opened, with the reason in `errno`: only what is not there is a damage, all
  /// else a fault of storage that may pass.
  static func unread(_ path: String) -> any Error {
    errno == ENOENT ? damaged("\(path) is missing") : OutputError.system("open", path)
  }

  /// It is whole and of another request.
  static func refused(_ text: String) -> CheckpointError {
    CheckpointError(exitStatus: ExitStatus.usage, description: text)
  }
}

/// The job was asked to end, and can go on.
struct Interrupted: JobError, CustomStringConvertible {
  /// How, and from where.
  let farewell: String

  var exitStatus: Int32 { ExitStatus.later }
  var description: String { "stopped on request\(farewell)" }
}
