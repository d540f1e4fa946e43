// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// The filters of a chunked dataset that are undone here: shuffle, deflate (gzip) and Fletcher's
/// checksum, each at most once, in any order.
final class ChunkFilters {
  private enum Filter: Equatable {
    /// The first bytes of all numbers, then the second ones, ...
    case shuffle(size: Int)
    /// A zlib stream.
    case deflate
    /// A Fletcher-32 checksum behind the data.
    case fletcher32
  }

  /// In the order of writing.
  private let filters: [Filter]
  private let inflater = Inflater()
  private var spare = ByteBuffer()

  /// The filters of a dataset creation list, nil if there are others among them.
  init?(_ creation: hid_t) {
    let count = H5Pget_nfilters(creation)
    guard count >= 0 else { return nil }
    var filters: [Filter] = []
    for index in 0..<UInt32(count) {
      guard let filter = Self.filter(index, of: creation) else { return nil }
      filters.append(filter)
    }
    guard filters.count(where: { $0 == .deflate }) <= 1,
      filters.count(where: { $0 == .fletcher32 }) <= 1
    else { return nil }
    self.filters = filters
  }

  private static func filter(_ index: UInt32, of creation: hid_t) -> Filter? {
    var flags: UInt32 = 0
    var valueCount = 1
    var value: UInt32 = 0
    switch H5Pget_filter2(creation, index, &flags, &valueCount, &value, 0, nil, nil) {
    case H5Z_FILTER_SHUFFLE where valueCount == 1 && value > 0: return .shuffle(size: Int(value))
    case H5Z_FILTER_DEFLATE: return .deflate
    case H5Z_FILTER_FLETCHER32: return .fletcher32
    default: return nil
    }
  }

  var isEmpty: Bool { filters.isEmpty }

  /// The most bytes that `byteCount` bytes are stored in: more than any compressor makes of them.
  func mostStored(of byteCount: Int) -> Int { isEmpty ? byteCount : 2 * byteCount + (1 << 16) }

  /// Undoes the filters on what `buffer` holds, which is then exactly `byteCount` bytes. Bit i of
  /// `skipped` says that filter i was not applied to this chunk.
  func undo(on buffer: inout ByteBuffer, skipped: UInt32, to byteCount: Int) throws(ChunkDamage) {
    for (index, filter) in filters.enumerated().reversed() where skipped >> index & 1 == 0 {
      switch filter {
      case .fletcher32:
        try removeChecksum(from: buffer)
      case .deflate:
        // A checksum that was added before is in the stream.
        let isInside =
          filters[..<index].firstIndex(of: .fletcher32).map { skipped >> $0 & 1 == 0 } ?? false
        spare.reset(count: byteCount + (isInside ? 4 : 0))
        try inflater.inflate(buffer, to: spare)
        swap(&buffer, &spare)
      case .shuffle(let size) where size > 1:
        spare.reset(count: buffer.count)
        unshuffle(buffer, size: size, to: spare)
        swap(&buffer, &spare)
      case .shuffle:
        break
      }
    }
    guard buffer.count == byteCount else {
      throw ChunkDamage(text: "holds \(buffer.count) bytes, expected \(byteCount)")
    }
  }
}

/// Puts the bytes of each number together again; a rest that is no whole number is as it was.
private func unshuffle(_ source: ByteBuffer, size: Int, to target: ByteBuffer) {
  let count = source.count / size
  guard count > 1 else {
    target.base.copyMemory(from: source.base, byteCount: source.count)
    return
  }
  let from = source.base.assumingMemoryBound(to: UInt8.self)
  /// Numbers as integers: loops that become vectors, unlike single bytes with a stride.
  @inline(__always)
  func join<Bits: FixedWidthInteger>(_: Bits.Type, _ bits: (Int) -> Bits) {
    let to = target.base.assumingMemoryBound(to: Bits.self)
    for index in 0..<count { to[index] = bits(index).littleEndian }
  }
  let (second, third, fourth) = (from + count, from + 2 * count, from + 3 * count)
  switch size {
  case 2:
    join(UInt16.self) { UInt16(from[$0]) | UInt16(second[$0]) << 8 }
  case 4:
    join(UInt32.self) {
      UInt32(from[$0]) | UInt32(second[$0]) << 8 | UInt32(third[$0]) << 16
        | UInt32(fourth[$0]) << 24
    }
  case 8:
    let high = from + 4 * count
    join(UInt64.self) {
      let low =
        UInt32(from[$0]) | UInt32(second[$0]) << 8 | UInt32(third[$0]) << 16
        | UInt32(fourth[$0]) << 24
      let upper =
        UInt32(high[$0]) | UInt32(high[$0 + count]) << 8 | UInt32(high[$0 + 2 * count]) << 16
        | UInt32(high[$0 + 3 * count]) << 24
      return UInt64(low) | UInt64(upper) << 32
    }
  default:
    let to = target.base.assumingMemoryBound(to: UInt8.self)
    for byte in 0..<size {
      for index in 0..<count { to[index * size + byte] = from[byte * count + index] }
    }
  }
  let done = count * size
  (target.base + done).copyMemory(from: source.base + done, byteCount: source.count - done)
}

/// Compares the checksum in the last 4 bytes with that of the others, and removes it.
private func removeChecksum(from buffer: ByteBuffer) throws(ChunkDamage) {
  guard buffer.count >= 4 else {
    throw ChunkDamage(text: "holds \(buffer.count) bytes, expected a checksum of 4")
  }
  buffer.removeLast(4)
  let stored = UInt32(littleEndian: (buffer.base + buffer.count).loadUnaligned(as: UInt32.self))
  let found = fletcher32(buffer.bytes)
  // HDF5 before 1.6.3 stored the sums with their bytes swapped.
  let swapped = (found & 0x00ff_00ff) << 8 | (found & 0xff00_ff00) >> 8
  guard stored == found || stored == swapped else {
    throw ChunkDamage(
      text: "has the checksum \(String(found, radix: 16)), stored is \(String(stored, radix: 16))")
  }
}

/// The checksum of J. G. Fletcher, "An Arithmetic Checksum for Serial Transmissions", IEEE
/// Transactions on Communications 30, 1982, over big-endian words of 16 bits; an odd last byte is
/// the upper half of a word.
func fletcher32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  /// Modulo 65535, where only a sum of zeros is 0.
  func folded(_ sum: UInt32) -> UInt32 { (sum & 0xffff) &+ (sum >> 16) }
  var (first, second): (UInt32, UInt32) = (0, 0)
  let words = bytes.bindMemory(to: UInt16.self)
  // As many words at a time as the sums have room for.
  for start in stride(from: 0, to: words.count, by: 360) {
    for word in words[start..<min(start + 360, words.count)] {
      first &+= UInt32(UInt16(bigEndian: word))
      second &+= first
    }
    (first, second) = (folded(first), folded(second))
  }
  if bytes.count % 2 == 1, let last = bytes.last {
    first = folded(first &+ UInt32(last) << 8)
    second = folded(second &+ first)
  }
  return folded(second) << 16 | folded(first)
}
