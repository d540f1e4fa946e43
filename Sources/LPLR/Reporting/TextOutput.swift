// SPDX-License-Identifier: Apache-2.0

internal import Foundation
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
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    temporary =
      (folder.isEmpty ? "." : folder)
      + "/.\(name).\(ProcessInfo.processInfo.hostName).\(getpid()).tmp"
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      guard !isDirectory.boolValue else {
        throw OutputError.cannotCreate("\(path): is a directory, expected the name of a file")
      }
      guard force else {
        throw OutputError.cannotCreate("\(path): exists already; use --force to replace it")
      }
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw OutputError.cannotCreate(
        "\(path): cannot create a file in its directory (\(String(cString: strerror(errno))))")
    }
    close(descriptor)
  }

  /// Writes the text, waits until it is on disk, and gives the file its name.
  package func commit(_ text: String) throws {
    let descriptor = open(temporary, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError.system("open", path) }
    defer { close(descriptor) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw OutputError.system("write", path) }
      bytes = bytes.dropFirst(written)
    }
    guard fsync(descriptor) == 0 else { throw OutputError.system("fsync", path) }
    guard rename(temporary, path) == 0 else { throw OutputError.system("rename", path) }
  }

  /// Removes the temporary file, if it is still there.
  package func discard() { unlink(temporary) }
}
