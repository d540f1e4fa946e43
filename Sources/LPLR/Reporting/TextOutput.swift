// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing
internal import ParallelHDF5

/// A text file that gets its name only when it is whole.
///
/// Made before the work, so that a directory that cannot be written is known then.
package struct TextOutput {
  private let path: String
  private let temporary: String

  /// Creates the empty temporary file. Throws `OutputError` if `path` exists and may not be
  /// replaced, or if its directory cannot be written.
  package init(path: String, replacing force: Bool) throws {
    self.path = path
    temporary =
      OutputName.directory(of: path) + "/.\((path as NSString).lastPathComponent)"
      + ".\(ProcessInfo.processInfo.hostName).\(getpid()).tmp"
    try OutputName.check(path, replacing: force)
    // In a container, a process that was killed may have had the same number.
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputError.creating(path) }
    close(descriptor)
    Watch.removeWhenStopped(temporary)
  }

  /// Writes the text, waits until it is on disk, and gives the file its name.
  package func commit(_ text: String) throws {
    let descriptor = open(temporary, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError.system("open", path) }
    let isWritten = TextStream.write(text, to: descriptor)
    let code = errno
    guard close(descriptor) == 0, isWritten else {
      throw OutputError.system("write", path, code: isWritten ? errno : code)
    }
    try OutputName.give(path, to: temporary)
    Watch.keepWhenStopped(temporary)
  }

  /// Removes the temporary file, if it is still there.
  package func discard() {
    unlink(temporary)
    Watch.keepWhenStopped(temporary)
  }
}
