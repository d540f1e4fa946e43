// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The right of one job to write a file, held by its root until the file is finished.
///
/// It is a lock of the system (`flock`) on a small file beside the output, which dies with the
/// process. That file names its owner, for others to say, and the unfinished file, for the next job
/// to remove if the owner died. A file system without locks grants every claim; temporary names
/// differ, so the last job to finish then wins.
final class OutputClaim {
  let lockPath: String
  private var file: Int32

  /// Throws ``OutputError`` if another job has the claim, or nothing can be created there.
  init(path: String, temporary: String) throws {
    lockPath = Self.sibling(of: path, ".lock")
    file = try Self.lock(lockPath, for: path)
    guard file >= 0 else { return }
    do {
      Self.removeRemains(namedIn: Self.text(of: file), of: path)
      try recordOwner(temporary, for: path)
    } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Gives the claim up and removes its file.
  func release() {
    guard file >= 0 else { return }
    // In this order no other job can hold a lock on the file that is removed.
    unlink(lockPath)
    close(file)
    file = -1
  }

  /// A name for the unfinished file, which no other output and no other job uses.
  static func temporaryName(for path: String, token: String) -> String {
    sibling(of: path, "~\(token).tmp")
  }

  private static func sibling(of path: String, _ ending: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    return (folder.isEmpty ? "." : folder) + "/.\(name)\(ending)"
  }

  /// The locked file, or -1 where there are no locks.
  private static func lock(_ lockPath: String, for path: String) throws -> Int32 {
    while true {
      let file = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard file >= 0 else { throw OutputError.creating(path) }
      if flock(file, LOCK_EX | LOCK_NB) == 0 {
        // Its last owner may have removed it between the two calls.
        if isStillNamed(lockPath, file) { return file }
        close(file)
        continue
      }
      let code = errno
      let owner = text(of: file).first
      close(file)
      if code == EINTR { continue }
      guard code == EWOULDBLOCK else {
        unlink(lockPath)
        return -1
      }
      throw OutputError.cannotCreate(
        "\(path): is being written by another job (\(owner ?? "just started")); wait for it or "
          + "choose another output")
    }
  }

  private static func isStillNamed(_ path: String, _ file: Int32) -> Bool {
    var named = stat()
    var opened = stat()
    return stat(path, &named) == 0 && fstat(file, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }

  /// The lines of the lock file: its owner and the name of the unfinished file.
  private static func text(of file: Int32) -> [String] {
    var bytes = [UInt8](repeating: 0, count: 2048)
    let count = pread(file, &bytes, bytes.count, 0)
    guard count > 0 else { return [] }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Removes what a job left that died. A lock file may not name anything but such a file.
  private static func removeRemains(namedIn lines: [String], of path: String) {
    guard lines.count == 2 else { return }
    let name = (temporaryName(for: path, token: "") as NSString).lastPathComponent.dropLast(4)
    guard lines[1].hasPrefix(name), lines[1].hasSuffix(".tmp"), !lines[1].contains("/") else {
      return
    }
    let folder = (path as NSString).deletingLastPathComponent
    unlink((folder.isEmpty ? "." : folder) + "/" + lines[1])
  }

  private func recordOwner(_ temporary: String, for path: String) throws {
    let host = ProcessInfo.processInfo.hostName
    let name = (temporary as NSString).lastPathComponent
    let text = Array("host \(host), process \(getpid())\n\(name)\n".utf8)
    guard ftruncate(file, 0) == 0, pwrite(file, text, text.count, 0) == text.count else {
      throw OutputError.creating(path)
    }
  }
}
