// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// What has been written of the datasets of a file, in runs with their CRC-32.
///
/// A run ends where a block of rows with a checksum of its own ends, so that the checksums of blocks
/// do not depend on which rank wrote which rows.
struct WrittenPieces {
  /// A run of bytes of a dataset's storage.
  struct Piece {
    let dataset: Int
    let offset: Int
    var count: Int
    var crc: UInt
  }

  private(set) var pieces: [Piece] = []

  init() {}

  /// The numbers of a piece are its dataset, offset, length and CRC.
  init(table: [Int]) {
    pieces = stride(from: 0, to: table.count, by: 4).map { row in
      Piece(
        dataset: table[row], offset: table[row + 1], count: table[row + 2],
        crc: UInt(table[row + 3]))
    }
  }

  var table: [Int] { pieces.flatMap { [$0.dataset, $0.offset, $0.count, Int($0.crc)] } }

  /// Adds bytes from `offset` of a dataset on; `block` is the length of its blocks, if it has them.
  mutating func append(
    _ bytes: UnsafeRawBufferPointer, dataset: Int, offset: Int, block: Int?
  ) {
    var done = 0
    while done < bytes.count {
      let start = offset + done
      let count = min(bytes.count - done, block.map { $0 - start % $0 } ?? .max)
      let part = UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)])
      let startsBlock = block.map { start % $0 == 0 } ?? false
      if let last = pieces.last, last.dataset == dataset, last.offset + last.count == start,
        !startsBlock
      {
        pieces[pieces.count - 1].crc = checksum(part, after: last.crc)
        pieces[pieces.count - 1].count += count
      } else {
        pieces.append(
          Piece(
            dataset: dataset, offset: start, count: count, crc: checksum(part, after: noBytes)))
      }
      done += count
    }
  }

  /// The checksums of a dataset from those of the pieces of all ranks: of the whole and of each
  /// block; nil if it was not written without gaps.
  func checksums(of dataset: Int, as planned: PlannedDataset) -> (whole: UInt, blocks: [UInt32])? {
    var (whole, block) = (noBytes, noBytes)
    var blocks: [UInt32] = []
    var end = 0
    for piece in pieces.filter({ $0.dataset == dataset }).sorted(by: { $0.offset < $1.offset }) {
      guard piece.offset == end else { return nil }
      end += piece.count
      whole = crc32_combine(whole, piece.crc, piece.count)
      block = crc32_combine(block, piece.crc, piece.count)
      if let length = planned.checksumBlock, end % length == 0 || end == planned.byteCount {
        blocks.append(UInt32(truncatingIfNeeded: block))
        block = noBytes
      }
    }
    return end == planned.byteCount ? (whole, blocks) : nil
  }
}

/// The CRC-32 of nothing.
let noBytes: UInt = crc32(0, nil, 0)

/// CRC-32 (zlib) of bytes behind others, whose own is 0 if there are none.
package func checksum(_ bytes: UnsafeRawBufferPointer, after crc: UInt) -> UInt {
  guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return crc }
  var crc = crc
  var done = 0
  while done < bytes.count {
    let count = min(bytes.count - done, 1 << 30)
    crc = crc32(crc, base + done, UInt32(count))
    done += count
  }
  return crc
}

/// CRC-32 of the bytes of an array, as an attribute holds it.
func checksum<Element: BitwiseCopyable>(of values: [Element]) -> Int {
  values.withUnsafeBytes { Int(checksum($0, after: noBytes)) }
}
