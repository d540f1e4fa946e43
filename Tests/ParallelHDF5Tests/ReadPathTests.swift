// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ParallelHDF5

/// What is read is what NumPy reads, in every bit, whoever converts and decodes it.
@Suite(.serialized) struct ReadPathTests {
  @Test func everyTypeLayoutAndFilterIsReadAsByNumPy() throws {
    HDF5Library.prepare()
    let folder = try TemporaryFolder()
    let table = try Python.lines("read_paths", [folder.path.path])
    #expect(table.count > 170)
    for cacheBytes in [0, 2000, 1 << 20] {
      let file = try HDF5File(reading: folder.url("data.h5").path)
      for fields in table {
        let dataset = try file.dataset(fields[0], chunkCacheBytes: cacheBytes)
        let expected = try numbers(folder.url("\(fields[1]).f4"))
        try check(dataset, expected)
        // A chunk without filters that is larger than the cache is read in parts.
        if cacheBytes == 1 << 20 { #expect(dataset.path.name == fields[2], "\(fields[0])") }
      }
    }
    let old = try HDF5File(reading: folder.url("old.h5").path).dataset("data")
    try check(old, try numbers(folder.url("old.f4")))
  }

  @Test func damageIsAnErrorThatNamesTheChunk() throws {
    HDF5Library.prepare()
    let folder = try TemporaryFolder()
    let table = try Python.lines("damaged_chunks", [folder.path.path])
    #expect(table.count == 19)
    let expected = try numbers(folder.url("damaged.f4"))
    let file = try HDF5File(reading: folder.url("damaged.h5").path)
    for fields in table {
      let dataset = try file.dataset(fields[0], chunkCacheBytes: 1 << 20)
      #expect(dataset.path.name == "chunks")
      // The first chunk is whole, also after a failure.
      for _ in 0..<2 {
        #expect(try read(dataset, rows: 3..<10, columns: 0..<10) == Array(expected[30..<100]))
        if fields[1] == "fine" {
          #expect(try read(dataset, rows: 0..<20, columns: 0..<10) == expected, "\(fields[0])")
          continue
        }
        let error = #expect(throws: InputError.self, "\(fields[0])") {
          try read(dataset, rows: 9..<12, columns: 2..<4)
        }
        let text = error?.description ?? ""
        #expect(error?.exitStatus == 65)
        #expect(text.contains("damaged.h5:\(fields[0])") && text.contains("row 10, column 0"))
        #expect(text.contains(fields[1]), "\(text)")
      }
    }
  }

  /// Reads a dataset as a whole, by tiles that cut chunks on all sides, and at its corners.
  private func check(_ dataset: Dataset, _ expected: [Float]) throws {
    let (rows, columns) = (dataset.shape[0], dataset.shape[1])
    var rectangles = [(0..<rows, 0..<columns), (0..<1, 0..<1), (0..<0, 0..<columns)]
    rectangles.append((rows - 1..<rows, columns - 1..<columns))
    for (height, width) in [(7, 11), (rows, 5), (3, columns)] {
      for row in stride(from: 0, to: rows, by: height) {
        for column in stride(from: 0, to: columns, by: width) {
          rectangles.append(
            (row..<min(row + height, rows), column..<min(column + width, columns)))
        }
      }
    }
    for (high, wide) in rectangles {
      let found = try read(dataset, rows: high, columns: wide)
      let wanted = high.flatMap { row in wide.map { expected[row * columns + $0] } }
      let place = wanted.indices.first {
        found[$0].bitPattern != wanted[$0].bitPattern && !(found[$0].isNaN && wanted[$0].isNaN)
      }
      if let place {
        Issue.record(
          """
          \(dataset.name) (\(dataset.typeName)), \(high) x \(wide): \(found[place]) is not \
          \(wanted[place]) at \(place)
          """)
        return
      }
    }
  }

  private func read(_ dataset: Dataset, rows: Range<Int>, columns: Range<Int>) throws -> [Float] {
    // What is not written is found.
    var values = [Float](repeating: -987.5, count: rows.count * columns.count)
    try values.withUnsafeMutableBufferPointer {
      try dataset.read(rows: rows, columns: columns, into: $0)
    }
    return values
  }

  private func numbers(_ url: URL) throws -> [Float] {
    try Data(contentsOf: url).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}

extension ReadPath {
  fileprivate var name: String {
    switch self {
    case .library: "library"
    case .converting: "converting"
    case .chunks: "chunks"
    }
  }
}
