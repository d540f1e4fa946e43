// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import LPLR

/// What stands on disk is what was written, or it is refused.
@Suite struct CheckpointFormatTests {
  private func manifest(_ generation: Int, checksums: [Int] = [1, 2, 3]) -> CheckpointManifest {
    let part = CheckpointManifest.Part(
      name: "sums", file: CheckpointFolder.arrayName(generation, pass: 0, "sums"), rows: 40,
      rowBytes: 16, blockRows: 16, checksums: checksums)
    return CheckpointManifest(
      generation: generation, written: "2025-01-01T00:00:00Z",
      identity: [.init(name: "--seed", value: "1")],
      passes: [.init(tilesDone: 3, tiles: 12, arrays: [part])])
  }

  @Test func aManifestComesBack() throws {
    let written = manifest(7)
    #expect(try CheckpointManifest(decoding: try written.encoded(), path: "m") == written)
    #expect(written.position == "read 1 of the matrix, 3 of 12 tiles done")
  }

  @Test func anyChangedByteOfAManifestIsSeen() throws {
    let bytes = try manifest(7).encoded()
    for index in bytes.indices {
      for bit in [0x01, 0x80] as [UInt8] {
        var changed = bytes
        changed[index] ^= bit
        #expect(throws: CheckpointError.self, "byte \(index)") {
          try CheckpointManifest(decoding: changed, path: "m")
        }
      }
    }
    for count in bytes.indices {
      #expect(throws: CheckpointError.self, "\(count) bytes") {
        try CheckpointManifest(decoding: Array(bytes[..<count]), path: "m")
      }
    }
  }

  @Test func aManifestThatContradictsItselfIsRefused() throws {
    let wrong = try manifest(7, checksums: [1, 2]).encoded()
    #expect(throws: CheckpointError.self) {
      try CheckpointManifest(decoding: wrong, path: "m")
    }
  }

  @Test func theNewestTwoAreKept() throws {
    let folder = try TemporaryFolder()
    var checkpoints = CheckpointFolder(folder.path.path)
    try checkpoints.claim()
    let stranger = folder.url("notes.txt")
    try Data("mine".utf8).write(to: stranger)
    for generation in 1...5 {
      #expect(try checkpoints.nextGeneration == generation)
      let manifest = manifest(generation)
      for file in manifest.files { try Data([1]).write(to: folder.url(file)) }
      try checkpoints.commit(manifest)
    }
    #expect(try checkpoints.generations == [5, 4])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path.path).sorted() == [
        "000004.pass0.sums", "000005.pass0.sums", "lock", "manifest.000004", "manifest.000005",
        "notes.txt",
      ])
    // Who has no claim removes nothing.
    CheckpointFolder(folder.path.path).remove()
    #expect(try checkpoints.generations == [5, 4])
    checkpoints.remove()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path.path) == ["notes.txt"])
  }

  @Test func anyDamageOfRowsIsSeen() throws {
    let folder = try TemporaryFolder()
    let path = folder.url("rows").path
    let grid = BlockPartition(extent: 40, blockSize: 16, ranks: 1)
    let rows = Matrix<Double>(rows: 40, columns: 2, repeating: 0)
    for index in rows.elements.indices { rows.elements[index] = Double(index) }
    let checksums = try SavedRows("rows", rows, grid).write(to: path, as: 0)
    func check() throws {
      try SavedRows.check(path, rowBytes: 16, grid, as: 0, checksums: checksums)
    }
    try check()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for index in stride(from: 0, to: whole.count, by: 7) {
      var changed = whole
      changed[index] ^= 4
      try changed.write(to: URL(fileURLWithPath: path))
      #expect(throws: CheckpointError.self, "byte \(index)") { try check() }
    }
    try whole.dropLast().write(to: URL(fileURLWithPath: path))
    #expect(throws: CheckpointError.self) { try check() }
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: CheckpointError.self) { try check() }
  }

  /// From whatever tile a pass goes on, each tile that is left is in one group, in order.
  @Test(arguments: [1, 2, 5, 100], [false, true])
  func aPassGoesOnFromAnyTile(tilesPerGroup: Int, isUpward: Bool) {
    let grid = MatrixGrid(rows: 5000, columns: 300, width: 8, ranks: 2)
    let stream = BlockStream(
      grid: grid, rank: 0, tilesPerGroup: tilesPerGroup, columnsPerRead: 256)
    let count = grid.tiles.count
    for done in 0...count {
      let groups = stream.groups(after: done, isUpward: isUpward)
      let tiles = groups.flatMap { isUpward ? $0.tiles.reversed() : Array($0.tiles) }
      let all = isUpward ? Array((0..<count).reversed()) : Array(0..<count)
      #expect(tiles == Array(all[done...]))
      #expect(groups.allSatisfy { stream.groups[$0.number].clamped(to: $0.tiles) == $0.tiles })
    }
  }
}
