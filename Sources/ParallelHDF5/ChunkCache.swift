// SPDX-License-Identifier: Apache-2.0

/// A chunk, counted in rows and columns of chunks.
struct ChunkPlace: Hashable {
  let row: Int
  let column: Int
}

/// Decoded chunks of which a part is still to be read, at most so many bytes of them; those that
/// were used last stay.
struct ChunkCache {
  private struct Entry {
    let buffer: ByteBuffer
    /// Numbers that nobody has read yet.
    var remaining: Int
    /// The time of the last use.
    var used: Int
  }

  let capacity: Int
  private var byteCount = 0
  private var entries: [ChunkPlace: Entry] = [:]
  /// Uses in the order of time, from `first` on; all but the last one of a chunk are void.
  private var uses: [(place: ChunkPlace, time: Int)] = []
  private var first = 0
  private var time = 0

  init(capacity: Int) { self.capacity = capacity }

  /// The chunk, of which `count` numbers will be read now: the last ones let go of it.
  mutating func take(_ count: Int, of place: ChunkPlace) -> ByteBuffer? {
    guard var entry = entries[place] else { return nil }
    entry.remaining -= count
    if entry.remaining > 0 {
      entry.used = noteUse(of: place)
      entries[place] = entry
    } else {
      remove(place)
    }
    return entry.buffer
  }

  /// Keeps a chunk with `remaining` unread numbers, which must not be larger than the capacity.
  mutating func keep(_ buffer: ByteBuffer, at place: ChunkPlace, remaining: Int) {
    precondition(buffer.count <= capacity, "keeping \(buffer.count) of \(capacity) bytes")
    while byteCount + buffer.count > capacity { removeOldest() }
    byteCount += buffer.count
    entries[place] = Entry(buffer: buffer, remaining: remaining, used: noteUse(of: place))
  }

  private mutating func noteUse(of place: ChunkPlace) -> Int {
    time += 1
    if uses.count > 2 * entries.count + 64 {
      uses = uses[first...].filter { entries[$0.place]?.used == $0.time }
      first = 0
    }
    uses.append((place, time))
    return time
  }

  private mutating func removeOldest() {
    let oldest = uses[first]
    first += 1
    if entries[oldest.place]?.used == oldest.time { remove(oldest.place) }
  }

  private mutating func remove(_ place: ChunkPlace) {
    if let entry = entries.removeValue(forKey: place) { byteCount -= entry.buffer.count }
  }
}
