// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing

/// The names of files that are written: what may be replaced, and how a finished file gets its own.
package enum OutputName {
  /// Throws ``OutputError`` if what stands under this name is no file, or one that may not be replaced.
  package static func check(_ path: String, replacing force: Bool) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw OutputError.cannotCreate("\(path): is \(kind), expected the name of a file")
    }
    guard force else {
      throw OutputError.cannotCreate("\(path): exists already; use --force to replace it")
    }
  }

  /// Puts a finished file on disk under its final name. Throws ``OutputError``.
  package static func give(_ path: String, to temporary: String) throws {
    try sync(temporary)
    // Of the names in a directory too: what else is in it may be what the file speaks of.
    try sync(directory(of: path))
    guard rename(temporary, path) == 0 else { throw OutputError.system("rename", path) }
    try sync(directory(of: path))
  }

  /// Waits until a file, or the names in a directory, are on disk. Throws ``OutputError``.
  package static func sync(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      let code = errno
      var status = stat()
      // A directory may take files and not be readable.
      let isDirectory = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      if code == EACCES, isDirectory { return }
      throw OutputError.system("open", path, code: code)
    }
    defer { close(file) }
    // Some file systems refuse to sync a directory.
    guard fsync(file) == 0 || [EINVAL, ENOTSUP, ENOSYS].contains(errno) else {
      throw OutputError.system("fsync", path)
    }
  }

  /// The directory that a file stands in.
  package static func directory(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }
}
