// SPDX-License-Identifier: Apache-2.0

/// Bytes that are used again and again: the room only grows, its contents are not kept.
final class ByteBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// How many of the bytes are in use.
  private(set) var count = 0

  init() {
    (base, capacity) = (.allocate(byteCount: 0, alignment: Self.alignment), 0)
  }

  deinit { base.deallocate() }

  /// Aligned for every number.
  private static let alignment = 64

  /// Makes room for `count` bytes, of any contents.
  func reset(count: Int) {
    if count > capacity {
      base.deallocate()
      (base, capacity) = (.allocate(byteCount: count, alignment: Self.alignment), count)
    }
    self.count = count
  }

  /// Gives up the last bytes.
  func removeLast(_ bytes: Int) {
    precondition(bytes <= count, "removing \(bytes) of \(count) bytes")
    count -= bytes
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}
