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

  /// A file whose directory does not take it, with the reason in `errno`: a full or failing disk is
  /// an error of output, all else one of the place.
  package static func creating(_ path: String, code: Int32 = errno) -> OutputError {
    [ENOSPC, EDQUOT, EIO, EFBIG].contains(code)
      ? system("creating a file", path, code: code)
      : cannotCreate(
        "\(path): cannot create a file in its directory (\(String(cString: strerror(code))))")
  }

  /// A call on the file that failed with `errno`.
  package static func system(_ call: String, _ path: String, code: Int32 = errno) -> OutputError {
    failed("\(path): \(call) failed (\(String(cString: strerror(code))))")
  }

  /// Writing that failed for a reason of its own.
  package static func failed(_ text: String) -> OutputError {
    OutputError(exitStatus: ExitStatus.inputOutput, description: text)
  }
}
