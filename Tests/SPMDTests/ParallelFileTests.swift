// SPDX-License-Identifier: Apache-2.0

import Foundation
import MessagePassing
import ParallelHDF5
import TestSupport
import Testing

extension SPMD {
  /// A file that all ranks write has its name only when it is whole.
  @Suite struct ParallelFiles {
    let world = Job.world

    @Test func whatRanksWriteIsRead() throws {
      let path = Job.folder + "/written.h5"
      let file = try ParallelFile(path: path, replacing: false, input: nil, on: world)
      // A row for each rank, in each of two datasets.
      let planned = ["/a", "/deep/er/b"].map {
        PlannedDataset(path: $0, rows: world.size, columns: 3, type: .float32)
      }
      try file.layOut(planned)
      for dataset in 0..<2 {
        let row = (0..<3).map { Float(100 * dataset + 10 * world.rank + $0) }
        try row.withUnsafeBytes { try file.write($0, dataset: dataset, offset: 12 * world.rank) }
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      try file.commit { parts in
        try parts.add([Float(0.5)], at: "/deep/small")
        try parts.attach(["note": .text("here"), "number": .number(2.5)], to: "/deep")
      }
      #expect(FileManager.default.fileExists(atPath: path))
      let opened = try HDF5File(reading: path)
      #expect(try opened.datasetPaths() == ["/a", "/deep/er/b", "/deep/small"])
      for (index, dataset) in planned.enumerated() {
        let values = try opened.dataset(dataset.path).readAll()
        let expected = (0..<world.size).flatMap { rank in
          (0..<3).map { Float(100 * index + 10 * rank + $0) }
        }
        #expect(values == expected)
      }
      #expect(
        try opened.attributes(of: "/deep") == ["note": .text("here"), "number": .number(2.5)])
      #expect(try opened.attributes(of: "/a")["crc32"] != nil)
      try world.barrier()
    }

    @Test func checksumsOfBlocksDoNotDependOnRanks() throws {
      let path = Job.folder + "/checksums.h5"
      let file = try ParallelFile(path: path, replacing: true, input: nil, on: world)
      // Blocks of 21 rows, which no number of ranks here divides.
      let planned = PlannedDataset(
        path: "/a/codes", rows: 401, columns: 3000, type: .uint8, hasBlockChecksums: true)
      try file.layOut([planned])
      let rows = 401 * world.rank / world.size..<401 * (world.rank + 1) / world.size
      for row in rows {
        let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * row) }
        try bytes.withUnsafeBytes { try file.write($0, dataset: 0, offset: 3000 * row) }
      }
      try file.commit { _ in }
      try world.barrier()
      let opened = try HDF5File(reading: path)
      let codes = try ChecksummedRows("/a/codes", in: opened)
      #expect(planned.rowsPerChecksum == 21 && codes.areChecked)
      #expect(throws: Never.self) { try codes.checkAll() }
      for part in [0..<401, 0..<1, 400..<401, 20..<22, 21..<42, 100..<300] {
        let expected = part.flatMap { row in
          (0..<3000).map { UInt8(truncatingIfNeeded: $0 * row) }
        }
        #expect(try Array(codes.read(rows: part)) == expected)
      }
      let table = try opened.dataset("/a/codes_crc32").readAll()
      #expect(table.count == 20)
      try Job.note("checksums of blocks", digest(table))
      try world.barrier()
    }

    @Test func twoJobsDoNotWriteOneFile() throws {
      let path = Job.folder + "/contested.h5"
      let first = try ParallelFile(path: path, replacing: true, input: nil, on: world)
      #expect(throws: (any Error).self) {
        try ParallelFile(path: path, replacing: true, input: nil, on: world)
      }
      try first.layOut([])
      try first.commit { _ in }
      try world.barrier()
      let second = try ParallelFile(path: path, replacing: true, input: nil, on: world)
      try second.layOut([])
      try second.commit { _ in }
      try world.barrier()
    }

    @Test func aFailureOfAnyRankLeavesNothing() throws {
      for failing in [0, world.size - 1] {
        let folder = Job.folder + "/failing-\(failing)"
        try world.agreeOnRoot {
          try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        }
        let file = try ParallelFile(
          path: folder + "/out.h5", replacing: false, input: nil, on: world)
        #expect(throws: (any Error).self) {
          try file.removingOnFailure {
            try file.layOut([PlannedDataset(path: "/a", rows: 4, columns: 4, type: .uint8)])
            try world.agree { if world.rank == failing { throw InputError.badData("stop") } }
          }
        }
        try world.barrier()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        try world.barrier()
      }
    }

    @Test func anExistingFileIsReplacedOnlyByForce() throws {
      let path = Job.folder + "/existing"
      let url = URL(fileURLWithPath: path)
      try world.agreeOnRoot { try Data("old".utf8).write(to: url) }
      #expect(throws: (any Error).self) {
        try ParallelFile(path: path, replacing: false, input: nil, on: world)
      }
      // The input itself is not replaced even then.
      #expect(throws: (any Error).self) {
        try ParallelFile(path: path, replacing: true, input: path, on: world)
      }
      let file = try ParallelFile(path: path, replacing: true, input: nil, on: world)
      try file.layOut([])
      #expect(try Data(contentsOf: url) == Data("old".utf8))
      try world.barrier()
      try file.commit { _ in }
      #expect(try HDF5File(reading: path).datasetPaths().isEmpty)
      try world.barrier()
    }
  }
}
