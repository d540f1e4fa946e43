// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing

/// Output that cannot be created or written: the file, the call and the system's reason.
package struct OutputError: JobError, CustomStringConvertible {
  package let exitStatus: Int32
  package let description: String

  /// A file that may not or cannot be made there.
  package static func cannotCreate(_ text: String) -> OutputError {
    OutputError(exitStatus: ExitStatus.cannotCreate, description: text)
  }

  /// A call on the file that failed with `errno`.
  package static func system(_ call: String, _ path: String, code: Int32 = errno) -> OutputError {
    OutputError(
      exitStatus: ExitStatus.inputOutput,
      description: "\(path): \(call) failed (\(String(cString: strerror(code))))")
  }
}
