// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The right of one job to write a file, held by its root until the file is finished.
///
/// It is a ``JobLock`` beside the output, whose note names the unfinished file, for the next job to
/// remove if the owner died. Where there are no locks every job has the right; temporary names differ,
/// so the last job to finish then wins.
final class OutputClaim {
  private let lock: JobLock

  /// Throws ``OutputError`` if another job has the claim, or nothing can be created there.
  init(path: String, temporary: String) throws {
    lock = try JobLock(
      Self.sibling(of: path, ".lock"), of: path, note: (temporary as NSString).lastPathComponent
    ) {
      "is being written by another job (\($0)); wait for it or choose another output"
    } inherit: {
      Self.removeRemains($0, of: path)
    }
  }

  /// Gives the claim up and removes its file.
  func release() { lock.release() }

  /// A name for the unfinished file, which no other output and no other job uses.
  static func temporaryName(for path: String, token: String) -> String {
    sibling(of: path, "~\(token).tmp")
  }

  private static func sibling(of path: String, _ ending: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    return (folder.isEmpty ? "." : folder) + "/.\(name)\(ending)"
  }

  /// Removes what a job left that died. A note may not name anything but such a file.
  private static func removeRemains(_ remains: String, of path: String) {
    let name = (temporaryName(for: path, token: "") as NSString).lastPathComponent.dropLast(4)
    guard remains.hasPrefix(name), remains.hasSuffix(".tmp"), !remains.contains("/") else { return }
    let folder = (path as NSString).deletingLastPathComponent
    unlink((folder.isEmpty ? "." : folder) + "/" + remains)
  }
}
