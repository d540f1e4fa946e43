// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Testing

@Suite struct BlockPartitionTests {
  static let extents = [1, 2, 63, 64, 65, 1000, 4096]

  @Test(arguments: extents, [1, 2, 3, 7, 64])
  func rangesOfRanksCoverTheExtentInOrder(extent: Int, ranks: Int) {
    for blockSize in [1, 10, 64, 5000] {
      let partition = BlockPartition(extent: extent, blockSize: blockSize, ranks: ranks)
      var next = 0
      for rank in 0..<ranks {
        let range = partition.range(of: rank)
        #expect(range.isEmpty || range.lowerBound == next)
        next = max(next, range.upperBound)
        #expect(range.count <= partition.largestRange)
      }
      #expect(next == extent)
      #expect(
        (0..<ranks).contains { partition.range(of: $0).count == partition.largestRange }
          || partition.count % ranks != 0)
    }
  }

  @Test(arguments: extents, [1, 2, 3, 7, 64])
  func theOwnerOfABlockHasItAmongItsOwn(extent: Int, ranks: Int) {
    for blockSize in [1, 10, 64] {
      let partition = BlockPartition(extent: extent, blockSize: blockSize, ranks: ranks)
      for block in 0..<partition.count {
        let owner = partition.owner(ofBlock: block)
        #expect(partition.blocks(of: owner).contains(block))
        let range = partition.range(ofBlock: block)
        #expect(!range.isEmpty && range.clamped(to: partition.range(of: owner)) == range)
      }
    }
  }

  @Test func blocksDoNotDependOnTheNumberOfRanks() {
    let one = BlockPartition(extent: 1000, blockSize: 64, ranks: 1)
    let many = BlockPartition(extent: 1000, blockSize: 64, ranks: 30)
    #expect(one.count == 16 && many.count == 16)
    for block in 0..<16 { #expect(one.range(ofBlock: block) == many.range(ofBlock: block)) }
    #expect(one.range(ofBlock: 15) == 960..<1000)
  }

  @Test func someRanksOwnNothingIfThereAreFewBlocks() {
    let partition = BlockPartition(extent: 100, blockSize: 64, ranks: 7)
    let sizes = (0..<7).map { partition.range(of: $0).count }
    #expect(sizes.filter { $0 > 0 }.sorted() == [36, 64])
  }
}
