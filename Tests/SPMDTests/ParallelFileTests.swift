// SPDX-License-Identifier: Apache-2.0

import Foundation
import MessagePassing
import ParallelHDF5
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
