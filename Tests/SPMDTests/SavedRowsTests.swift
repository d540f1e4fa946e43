// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import MessagePassing
import TestSupport
import Testing

@testable import LPLR

extension SPMD {
  /// Rows that any number of ranks have written are read by any other number.
  @Suite struct SavedRowsOfRanks {
    let world = Job.world

    private static let extent = 1003

    private func matrix(_ grid: BlockPartition, filled: Bool) -> Matrix<Float> {
      let mine = grid.range(of: world.rank)
      let matrix = Matrix<Float>(rows: mine.count, columns: 3, repeating: 0)
      for row in mine where filled {
        for column in 0..<3 { matrix[row - mine.lowerBound, column] = Float(10 * row + column) }
      }
      return matrix
    }

    @Test func theFileDoesNotDependOnRanks() throws {
      let grid = BlockPartition(extent: Self.extent, blockSize: 64, ranks: world.size)
      let path = Job.folder + "/rows\(world.size)"
      let written = matrix(grid, filled: true)
      let mine = try world.agree {
        try SavedRows("rows", written, grid).write(to: path, as: world.rank)
      }
      let checksums = try world.broadcast(
        try world.gather(mine, filler: 0), from: 0, filler: 0)
      #expect(checksums.count == grid.count)
      try Job.note("saved rows", digest(checksums))
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try Job.note("file of saved rows", digest(Array(bytes)))

      let read = matrix(grid, filled: false)
      try world.agree {
        try SavedRows("rows", read, grid).read(from: path, as: world.rank, checksums: checksums)
      }
      #expect(read.elements.elementsEqual(written.elements))
    }

    /// What 5 ranks have written, here simulated by one after the other.
    @Test func otherRanksReadThem() throws {
      let grid = BlockPartition(extent: Self.extent, blockSize: 64, ranks: 5)
      let path = Job.folder + "/five\(world.size)"
      var checksums: [Int] = []
      try world.agreeOnRoot {
        for rank in 0..<5 {
          let mine = grid.range(of: rank)
          let part = Matrix<Double>(rows: mine.count, columns: 2, repeating: 0)
          for index in part.elements.indices {
            part.elements[index] = Double(2 * mine.lowerBound + index)
          }
          checksums += try SavedRows("rows", part, grid).write(to: path, as: rank)
        }
      }
      checksums = try world.broadcast(checksums, from: 0, filler: 0)
      let here = BlockPartition(extent: Self.extent, blockSize: 64, ranks: world.size)
      let mine = here.range(of: world.rank)
      let read = Matrix<Double>(rows: mine.count, columns: 2, repeating: -1)
      try world.agree {
        try SavedRows.check(path, rowBytes: 16, here, as: world.rank, checksums: checksums)
        try SavedRows("rows", read, here).read(from: path, as: world.rank, checksums: checksums)
      }
      for index in read.elements.indices {
        #expect(read.elements[index] == Double(2 * mine.lowerBound + index))
      }
    }
  }
}
