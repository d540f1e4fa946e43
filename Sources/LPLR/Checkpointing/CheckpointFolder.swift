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
    path =
      OutputName.directory(of: output) + "/.\((output as NSString).lastPathComponent).checkpoint"
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

  /// The numbers of the checkpoints whose list stands there, the newest first. Throws `OutputError`.
  package var generations: [Int] {
    get throws {
      try names.compactMap { name in
        name.wholeMatch(of: /manifest\.(\d{6,})/).flatMap { Int($0.1) }
      }.sorted(by: >)
    }
  }

  /// One more than the number of any file. Throws `OutputError`.
  var nextGeneration: Int {
    get throws { (try names.compactMap { Self.generation(of: $0) }.max() ?? 0) + 1 }
  }

  /// The list of a checkpoint, whose arrays need not be whole. Throws ``CheckpointError``, and
  /// `OutputError` if storage fails.
  package func manifest(_ generation: Int) throws -> CheckpointManifest {
    let name = file(Self.manifestName(generation))
    guard access(name, R_OK) == 0 else { throw CheckpointError.unread(name) }
    guard let bytes = FileManager.default.contents(atPath: name) else {
      throw OutputError.system("read", name)
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

  /// The files of ours; none where there is no directory, which is not the same as one that cannot be
  /// listed.
  private var names: [String] {
    get throws {
      guard access(path, F_OK) == 0 else {
        if errno == ENOENT { return [] }
        throw OutputError.system("access", path)
      }
      do {
        return try FileManager.default.contentsOfDirectory(atPath: path)
          .filter { Self.generation(of: $0) != nil }
      } catch {
        throw OutputError.failed("\(path): cannot be listed (\(error.localizedDescription))")
      }
    }
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
    if mkdir(path, 0o777) == 0 {
      try OutputName.sync(OutputName.directory(of: path))
    } else if errno != EEXIST {
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
    try OutputName.give(final, to: temporary)
    prune()
  }

  /// Removes what belongs to neither of the newest two checkpoints.
  func prune() {
    guard let kept = try? generations.prefix(2) else { return }
    // A list that is damaged keeps itself only: what it named is lost.
    let arrays = kept.flatMap { (try? manifest($0))?.files ?? [] }
    removeFiles(except: kept.map(Self.manifestName) + arrays)
  }

  /// Removes all files but some.
  func removeFiles(except kept: [String] = []) {
    guard lock != nil else { return }
    let kept = Set(kept)
    for name in (try? names) ?? [] where !kept.contains(name) { unlink(file(name)) }
  }

  /// Removes all files, gives the claim up, and removes the directory if nothing else is in it.
  func remove() {
    guard lock != nil else { return }
    removeFiles()
    release()
    rmdir(path)
  }
}
