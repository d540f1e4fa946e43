// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing

/// What only one job at a time may have, held by its root.
///
/// It is a lock of the system (`flock`) on a small file, which dies with the process. The file names
/// its owner, for others to say, and keeps a note for the next owner, in case this one dies. A file
/// system without locks grants every lock.
package final class JobLock {
  private let path: String
  private var file: Int32

  /// Throws ``OutputError`` if another job has the lock, or no file can be created there.
  ///
  /// - Parameters:
  ///   - subject: what is locked, for the messages.
  ///   - refusal: what to say after it, from the name of the owner.
  ///   - inherit: called with the note of the owner before, if it died.
  package init(
    _ path: String, of subject: String, note: String = "", refusal: (_ owner: String) -> String,
    inherit: (_ note: String) -> Void = { _ in }
  ) throws {
    self.path = path
    file = try Self.lock(path, of: subject, refusal)
    guard file >= 0 else { return }
    Watch.removeWhenStopped(path)
    let lines = Self.text(of: file)
    if lines.count == 2 { inherit(lines[1]) }
    do { try record(note, of: subject) } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Gives the lock up and removes its file.
  package func release() {
    guard file >= 0 else { return }
    // In this order no other job can hold a lock on the file that is removed.
    Watch.keepWhenStopped(path)
    unlink(path)
    close(file)
    file = -1
  }

  /// The locked file, or -1 where there are no locks.
  private static func lock(
    _ path: String, of subject: String, _ refusal: (_ owner: String) -> String
  ) throws -> Int32 {
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard file >= 0 else { throw OutputError.creating(subject) }
      if flock(file, LOCK_EX | LOCK_NB) == 0 {
        // Its last owner may have removed it between the two calls.
        if isStillNamed(path, file) { return file }
        close(file)
        continue
      }
      let code = errno
      let owner = text(of: file).first
      close(file)
      if code == EINTR { continue }
      guard code == EWOULDBLOCK else {
        unlink(path)
        return -1
      }
      throw OutputError.cannotCreate("\(subject): \(refusal(owner ?? "just started"))")
    }
  }

  private static func isStillNamed(_ path: String, _ file: Int32) -> Bool {
    var named = stat()
    var opened = stat()
    return stat(path, &named) == 0 && fstat(file, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }

  /// The lines of the file: its owner and the note.
  private static func text(of file: Int32) -> [String] {
    var bytes = [UInt8](repeating: 0, count: 2048)
    let count = pread(file, &bytes, bytes.count, 0)
    guard count > 0 else { return [] }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func record(_ note: String, of subject: String) throws {
    let host = ProcessInfo.processInfo.hostName
    var text = Array("host \(host), process \(getpid())\n\(note)\n".utf8)[...]
    guard ftruncate(file, 0) == 0 else { throw OutputError.creating(subject) }
    while !text.isEmpty {
      let count = text.withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(text.startIndex))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw OutputError.creating(subject) }
      text = text.dropFirst(count)
    }
  }
}
