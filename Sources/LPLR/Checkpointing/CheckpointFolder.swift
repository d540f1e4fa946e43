// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ParallelHDF5

/// A directory with the checkpoints of one job: `manifest.000007`, and `000007.pass1.product` for an
/// array of the second read that was written for it.
///
/// Arrays of finished reads are written once and belong to all later checkpoints. The newest two
/// checkpoints are kept. Nothing else in the directory is touched, but for the file `lock` of the job
/// that has claimed it.
package struct CheckpointFolder {
  package let path: String
  private var lock: JobLock?

  package init(_ path: String) { self.path = path }

  /// Beside a file that does not yet stand there.
  package init(besideOutput output: String) {
    let folder = (output as NSString).deletingLastPathComponent
    path =
      (folder.isEmpty ? "." : folder) + "/.\((output as NSString).lastPathComponent).checkpoint"
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  static func arrayName(_ generation: Int, pass: Int, _ name: String) -> String {
    "\(sixDigits(generation)).pass\(pass).\(name)"
  }

  private static func manifestName(_ generation: Int) -> String {
    "manifest.\(sixDigits(generation))"
  }

  private static func sixDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  // MARK: Reading

  /// The numbers of the checkpoints whose list stands there, the newest first.
  package var generations: [Int] {
    names.compactMap { name in
      name.wholeMatch(of: /manifest\.(\d{6,})/).flatMap { Int($0.1) }
    }.sorted(by: >)
  }

  /// One more than the number of any file.
  var nextGeneration: Int {
    (names.compactMap { Self.generation(of: $0) }.max() ?? 0) + 1
  }

  /// The list of a checkpoint, whose arrays need not be whole. Throws ``CheckpointError``.
  package func manifest(_ generation: Int) throws -> CheckpointManifest {
    let name = file(Self.manifestName(generation))
    guard let bytes = FileManager.default.contents(atPath: name) else {
      throw CheckpointError.damaged("\(name) cannot be read")
    }
    return try CheckpointManifest(decoding: Array(bytes), path: name)
  }

  /// Throws if a part that a rank would read is not what was written; one of one rank reads all.
  package func check(_ manifest: CheckpointManifest, rank: Int = 0, ranks: Int = 1) throws {
    for part in manifest.passes.flatMap(\.arrays) {
      try SavedRows.check(
        file(part.file), rowBytes: part.rowBytes, part.partition(ranks: ranks), as: rank,
        checksums: part.checksums)
    }
  }

  /// The files of ours.
  private var names: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { Self.generation(of: $0) != nil }
  }

  private static func generation(of name: String) -> Int? {
    if name == "manifest.tmp" { return 0 }
    if let match = name.wholeMatch(of: /manifest\.(\d{6,})/) { return Int(match.1) }
    return name.wholeMatch(of: /(\d{6,})\.pass\d+\.[a-z]+/).flatMap { Int($0.1) }
  }

  // MARK: Writing, on the root

  var exists: Bool { access(path, F_OK) == 0 }

  /// Makes the directory and keeps other jobs out of it: one may name that beside another's output.
  /// Without the claim nothing is removed. Throws `OutputError`.
  mutating func claim() throws {
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw OutputError.system("mkdir", path)
    }
    guard lock == nil else { return }
    do {
      lock = try JobLock(file("lock"), of: path) {
        "is in use by another job (\($0)); wait for it or name another directory by --checkpoint"
      }
    } catch {
      rmdir(path)
      throw error
    }
  }

  /// Lets other jobs in.
  func release() { lock?.release() }

  /// Makes a checkpoint of arrays that stand on disk: from the return on it counts.
  func commit(_ manifest: CheckpointManifest) throws {
    let temporary = file("manifest.tmp")
    let final = file(Self.manifestName(manifest.generation))
    try Data(try manifest.encoded()).write(to: URL(fileURLWithPath: temporary))
    try Self.sync(temporary)
    // The names of the arrays first, then that of the list.
    try Self.sync(path)
    guard rename(temporary, final) == 0 else { throw OutputError.system("rename", final) }
    try Self.sync(path)
    prune()
  }

  /// Removes what belongs to neither of the newest two checkpoints.
  func prune() {
    let kept = generations.prefix(2)
    // A list that is damaged keeps itself only: what it named is lost.
    let arrays = kept.flatMap { (try? manifest($0))?.files ?? [] }
    removeFiles(except: kept.map(Self.manifestName) + arrays)
  }

  /// Removes all files but some.
  func removeFiles(except kept: [String] = []) {
    guard lock != nil else { return }
    let kept = Set(kept)
    for name in names where !kept.contains(name) { unlink(file(name)) }
  }

  /// Removes all files, gives the claim up, and removes the directory if nothing else is in it.
  func remove() {
    guard lock != nil else { return }
    removeFiles()
    release()
    rmdir(path)
  }

  /// Puts a file or the names in a directory on disk.
  static func sync(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw OutputError.system("open", path) }
    defer { close(file) }
    // Some file systems refuse to sync a directory.
    guard fsync(file) == 0 || errno == EINVAL else { throw OutputError.system("fsync", path) }
  }
}
