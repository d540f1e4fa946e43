// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What is in a directory of checkpoints, and whether it is whole.
package struct CheckpointDescription: Sendable {
  /// The newest first.
  package let text: String

  /// Reads every part. Throws ``CheckpointError`` if there is no checkpoint.
  package init(of folder: CheckpointFolder) throws {
    let generations = try folder.generations
    guard let newest = generations.first else {
      throw CheckpointError.damaged("\(folder.path): holds no checkpoint")
    }
    var lines = generations.map { "checkpoint \($0)    \(Self.line(folder, $0))" }
    if let manifest = try? folder.manifest(newest) {
      lines += manifest.identity.filter { $0.value != "not given" }.map {
        "\($0.name): \($0.value)"
      }
    }
    text = lines.joined(separator: "\n")
  }

  private static func line(_ folder: CheckpointFolder, _ generation: Int) -> String {
    do {
      let manifest = try folder.manifest(generation)
      try folder.check(manifest)
      let bytes = manifest.passes.flatMap(\.arrays).reduce(0) { $0 + $1.byteCount }
      return "\(manifest.position), \(bytes) bytes, whole, written \(manifest.written)"
    } catch {
      return "damaged: \(error)"
    }
  }
}
