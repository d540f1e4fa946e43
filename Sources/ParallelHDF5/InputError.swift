// SPDX-License-Identifier: Apache-2.0

internal import MessagePassing

/// Input that is not what it must be: the file or dataset, what was expected and what was found.
package struct InputError: JobError, CustomStringConvertible {
  package let exitStatus: Int32
  package let description: String

  /// A file that is not there or may not be read.
  package static func noInput(_ text: String) -> InputError {
    InputError(exitStatus: ExitStatus.noInput, description: text)
  }

  /// A chunk of a dataset that is not what was written.
  static func damagedChunk(of name: String, row: Int, column: Int, _ text: String) -> InputError {
    .badData(
      "\(name): is damaged: the chunk at row \(row), column \(column) \(text); restore the file from "
        + "a copy")
  }

  /// A file that is there and is wrong.
  package static func badData(_ text: String) -> InputError {
    InputError(exitStatus: ExitStatus.badData, description: text)
  }
}
