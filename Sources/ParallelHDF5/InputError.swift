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

  /// A file that is there and is wrong.
  package static func badData(_ text: String) -> InputError {
    InputError(exitStatus: ExitStatus.badData, description: text)
  }
}
