// SPDX-License-Identifier: Apache-2.0

import MessagePassing
import Testing

extension SPMD {
  @Suite struct Collectives {
    let world = Job.world

    @Test func reductionsReachEveryRank() throws {
      let (r, p) = (world.rank, world.size)
      #expect(try world.allReduce(r, .sum) == p * (p - 1) / 2)
      #expect(try world.allReduce(Double(r) - 1, .min) == -1)
      #expect(try world.allReduce(Float(r), .max) == Float(p - 1))
      var values = [r, -r, 7]
      try world.allReduce(&values, .max)
      #expect(values == [p - 1, 0, 7])
    }

    @Test func reduceWritesOnTheRootOnly() throws {
      let root = world.size - 1
      var values = [Double(world.rank), 1, 2]
      let before = values
      try values.withUnsafeMutableBufferPointer { try world.reduce($0, .sum, to: root) }
      let p = Double(world.size)
      #expect(values == (world.rank == root ? [p * (p - 1) / 2, p, 2 * p] : before))
    }

    @Test func broadcastCopiesAnyLength() throws {
      let root = world.size - 1
      for length in [0, 1, 1000] {
        let mine = world.rank == root ? (0..<length).map { Double($0) } : [99, 98]
        let copy = try world.broadcast(mine, from: root, filler: 0)
        #expect(copy == (0..<length).map { Double($0) })
      }
    }

    @Test func gatherTakesUnevenArrays() throws {
      // Rank r gives r numbers, so rank 0 gives none.
      for root in [0, world.size - 1] {
        let mine = (0..<world.rank).map { 100 * world.rank + $0 }
        let all = try world.gather(mine, to: root, filler: -1)
        let expected = (0..<world.size).flatMap { r in (0..<r).map { 100 * r + $0 } }
        #expect(all == (world.rank == root ? expected : []))
      }
    }

    @Test func sentIsReceived() throws {
      // Around a ring; the even ranks send first.
      let next = (world.rank + 1) % world.size
      let previous = (world.rank + world.size - 1) % world.size
      guard world.size > 1 else { return }
      var out = [Float(world.rank), 0.5]
      var received = [Float(-1), -1]
      func send() throws {
        try out.withUnsafeMutableBufferPointer { try world.send($0, to: next, tag: 5) }
      }
      func receive() throws {
        try received.withUnsafeMutableBufferPointer {
          try world.receive($0, from: previous, tag: 5)
        }
      }
      if world.rank % 2 == 0 { try send() }
      try receive()
      if world.rank % 2 == 1 { try send() }
      #expect(received == [Float(previous), 0.5])
    }

    @Test func allRanksShareThisNode() throws {
      let node = try world.ranksOfThisNode()
      #expect(node.size == world.size)
      #expect(node.rank == world.rank)
    }
  }
}
