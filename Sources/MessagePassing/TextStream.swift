// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Text to an open descriptor, in as few calls as it takes.
package enum TextStream {
  /// Writes all of the text; false, with the reason in `errno`, if the descriptor does not take it.
  package static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }

  /// Writes to standard error. What it does not take is lost: there is nobody left to tell, and a full
  /// disk under a log is no reason to end a job.
  package static func complain(_ text: String) { _ = write(text, to: STDERR_FILENO) }
}
