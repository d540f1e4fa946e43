// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// What one checkpoint consists of: a small text file beside the arrays it names. It is written last,
/// under its own name at once, so that where it stands the checkpoint is complete.
///
/// One line of JSON, and a line with its CRC-32.
package struct CheckpointManifest: Codable, Equatable, Sendable {
  static let formatVersion = 1

  package var formatVersion = Self.formatVersion
  /// Checkpoints of a job are counted from 1.
  package let generation: Int
  /// When it was written, ISO 8601.
  package let written: String
  /// What decides the factors.
  package let identity: [Trait]
  /// The reads of A so far; all but the last are finished.
  package let passes: [Pass]

  /// Something that must not change between the start and a resume.
  package struct Trait: Codable, Equatable, Sendable {
    /// As the user knows it: --seed, size of the input.
    package let name: String
    package let value: String
  }

  /// A read of A.
  package struct Pass: Codable, Equatable, Sendable {
    package let tilesDone: Int
    package let tiles: Int
    package let arrays: [Part]
  }

  /// An array of a pass in a file of its own.
  package struct Part: Codable, Equatable, Sendable {
    let name: String
    package let file: String
    let rows: Int
    let rowBytes: Int
    let blockRows: Int
    /// The CRC-32 of each block of rows.
    let checksums: [Int]

    package var byteCount: Int { rows * rowBytes }

    func partition(ranks: Int) -> BlockPartition {
      BlockPartition(extent: rows, blockSize: blockRows, ranks: ranks)
    }
  }

  /// Where it goes on: read 2 of the matrix, 3 of 12 tiles done.
  package var position: String {
    guard let last = passes.last else { return "the beginning" }
    return last.tilesDone == last.tiles
      ? "the end of read \(passes.count) of the matrix"
      : "read \(passes.count) of the matrix, \(last.tilesDone) of \(last.tiles) tiles done"
  }

  var files: [String] { passes.flatMap { $0.arrays.map(\.file) } }
}

// MARK: As text

extension CheckpointManifest {
  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let json = Array(try encoder.encode(self))
    return json + Array("\n\(Self.closing(json))\n".utf8)
  }

  /// Throws ``CheckpointError`` if a byte is not as it was written.
  init(decoding bytes: [UInt8], path: String) throws {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw CheckpointError.damaged("\(path) is cut short")
    }
    let json = Array(bytes[..<end])
    guard Array(bytes[(end + 1)...]) == Array("\(Self.closing(json))\n".utf8) else {
      throw CheckpointError.damaged("\(path) has another checksum than it was written with")
    }
    struct Head: Decodable { let formatVersion: Int }
    let decoder = JSONDecoder()
    guard let head = try? decoder.decode(Head.self, from: Data(json)) else {
      throw CheckpointError.damaged("\(path) is not the list of a checkpoint")
    }
    guard head.formatVersion == Self.formatVersion else {
      throw CheckpointError.refused(
        "\(path): is of format \(head.formatVersion), this program reads \(Self.formatVersion)")
    }
    self = try decoder.decode(Self.self, from: Data(json))
    guard passes.allSatisfy({ $0.arrays.allSatisfy(\.isConsistent) }) else {
      throw CheckpointError.damaged("\(path) contradicts itself")
    }
  }

  private static func closing(_ json: [UInt8]) -> String {
    "crc32 \(String(json.withUnsafeBytes { checksum($0, after: 0) }, radix: 16))"
  }
}

extension CheckpointManifest.Part {
  fileprivate var isConsistent: Bool {
    rows > 0 && rowBytes > 0 && blockRows > 0 && !file.contains("/")
      && checksums.count == partition(ranks: 1).count
  }
}
