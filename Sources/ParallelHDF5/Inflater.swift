// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// What is wrong with the stored bytes of a chunk.
struct ChunkDamage: Error {
  let text: String
}

/// A decompressor of zlib streams, used again and again.
final class Inflater {
  /// At a fixed address, which zlib remembers.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init() {
    stream.initialize(to: z_stream())
    // Fails only without memory or with another version of zlib; inflate says so then.
    inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Fills `target` with what the stream in `source` holds, which must be as many bytes.
  func inflate(_ source: ByteBuffer, to target: ByteBuffer) throws(ChunkDamage) {
    guard let inputCount = UInt32(exactly: source.count),
      let outputCount = UInt32(exactly: target.count)
    else { throw ChunkDamage(text: "is larger than zlib's 4 GiB") }
    inflateReset(stream)
    stream.pointee.next_in = source.base.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = inputCount
    stream.pointee.next_out = target.base.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = outputCount
    let code = CZlib.inflate(stream, Z_FINISH)
    guard code == Z_STREAM_END, stream.pointee.avail_out == 0 else {
      let missing = Int(stream.pointee.avail_out)
      let why =
        switch (code, missing) {
        case (Z_STREAM_END, _): "it ends \(missing) bytes early"
        case (Z_BUF_ERROR, 0), (Z_OK, 0): "it holds more than \(target.count) bytes"
        case (Z_BUF_ERROR, _): "its stored bytes end early"
        default: stream.pointee.msg.map { String(cString: $0) } ?? "zlib's inflate returned \(code)"
        }
      throw ChunkDamage(text: "cannot be decompressed (\(why))")
    }
  }
}
