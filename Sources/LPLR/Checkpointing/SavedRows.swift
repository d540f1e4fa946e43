// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// An array whose rows lie over the ranks in blocks: what a pass over A has summed up so far, seen
/// without ownership in this rank's memory.
///
/// On disk all rows stand one after the other in one file, whoever wrote them, so any number of ranks
/// can read them. Each block has a CRC-32 of its own.
struct SavedRows {
  /// Lower-case letters; part of the name of the file.
  let name: String
  /// The rows of this rank's blocks.
  let bytes: UnsafeMutableRawBufferPointer
  let rowBytes: Int
  let partition: BlockPartition

  init(
    _ name: String, _ bytes: UnsafeMutableRawBufferPointer, rowBytes: Int,
    partition: BlockPartition
  ) {
    (self.name, self.bytes, self.rowBytes) = (name, bytes, rowBytes)
    self.partition = partition
  }

  /// Rows of a matrix.
  init<Scalar>(_ name: String, _ matrix: borrowing Matrix<Scalar>, _ partition: BlockPartition) {
    self.init(
      name, UnsafeMutableRawBufferPointer(matrix.elements),
      rowBytes: matrix.columns * MemoryLayout<Scalar>.stride, partition: partition)
  }

  /// Writes this rank's rows to their place in a file that all ranks share, not yet synced; returns
  /// the CRC-32 of each of its blocks.
  func write(to path: String, as rank: Int) throws -> [Int] {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw OutputError.system("open", path) }
    var isOpen = true
    defer { if isOpen { close(file) } }
    let first = partition.range(of: rank).lowerBound
    let checksums = try partition.blocks(of: rank).map { block in
      let bytes = self.bytes(of: block, first)
      try transfer(bytes.count) { done in
        let count = pwrite(
          file, bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 28),
          off_t(partition.range(ofBlock: block).lowerBound * rowBytes + done))
        if count <= 0, errno != EINTR { throw OutputError.system("write", path) }
        return count
      }
      return Int(checksum(UnsafeRawBufferPointer(bytes), after: 0))
    }
    // Some file systems tell of a full disk only here.
    isOpen = false
    guard close(file) == 0 else { throw OutputError.system("close", path) }
    return checksums
  }

  /// Reads this rank's rows back. Throws ``CheckpointError`` if a block is not what was written, and
  /// `OutputError` if storage fails.
  func read(from path: String, as rank: Int, checksums: [Int]) throws {
    let first = partition.range(of: rank).lowerBound
    for block in partition.blocks(of: rank) {
      try readBlock(block, of: path, into: bytes(of: block, first), checksum: checksums[block])
    }
  }

  /// Throws if one of the blocks that this rank would read is not what was written.
  static func check(
    _ path: String, rowBytes: Int, _ partition: BlockPartition, as rank: Int, checksums: [Int]
  ) throws {
    guard partition.ranks > rank, !partition.blocks(of: rank).isEmpty else { return }
    let room = UnsafeMutableRawBufferPointer.allocate(
      byteCount: partition.blockSize * rowBytes, alignment: 64)
    defer { room.deallocate() }
    let rows = SavedRows("", room, rowBytes: rowBytes, partition: partition)
    for block in partition.blocks(of: rank) {
      let count = partition.range(ofBlock: block).count * rowBytes
      try rows.readBlock(
        block, of: path, into: .init(rebasing: room[..<count]), checksum: checksums[block])
    }
  }

  private func bytes(of block: Int, _ firstRow: Int) -> UnsafeMutableRawBufferPointer {
    let range = partition.range(ofBlock: block).shifted(by: -firstRow)
    return .init(rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
  }

  private func readBlock(
    _ block: Int, of path: String, into target: UnsafeMutableRawBufferPointer,
    checksum expected: Int
  ) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CheckpointError.unread(path) }
    defer { close(file) }
    try transfer(target.count) { done in
      let count = pread(
        file, target.baseAddress.map { $0 + done }, min(target.count - done, 1 << 28),
        off_t(partition.range(ofBlock: block).lowerBound * rowBytes + done))
      if count < 0, errno == EINTR { return count }
      guard count >= 0 else { throw OutputError.system("read", path) }
      guard count > 0 else { throw CheckpointError.damaged("\(path) is too short") }
      return count
    }
    guard Int(checksum(UnsafeRawBufferPointer(target), after: 0)) == expected else {
      throw CheckpointError.damaged("\(path) has another checksum than it was written with")
    }
  }

  /// Calls a read or write until all bytes have passed.
  private func transfer(_ total: Int, _ step: (_ done: Int) throws -> Int) throws {
    var done = 0
    while done < total { done += max(0, try step(done)) }
  }
}

/// All that a pass over A has summed up so far.
struct PassState {
  var rows: [SavedRows]
  /// Makes ready what lies elsewhere; called by all ranks together, may communicate.
  var beforeSaving: () throws -> Void = {}
  /// Takes over what was read back.
  var afterRestoring: () -> Void = {}

  static var nothing: PassState { PassState(rows: []) }

  /// Both.
  static func + (a: PassState, b: PassState) -> PassState {
    PassState(
      rows: a.rows + b.rows,
      beforeSaving: {
        try a.beforeSaving()
        try b.beforeSaving()
      },
      afterRestoring: {
        a.afterRestoring()
        b.afterRestoring()
      })
  }
}
