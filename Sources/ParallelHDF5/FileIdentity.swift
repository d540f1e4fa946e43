// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What tells one version of a file from another.
package struct FileIdentity: Equatable, Sendable {
  package let byteCount: Int
  package let modifiedSeconds: Int
  package let modifiedNanoseconds: Int
  /// CRC-32 of the first bytes and of samples up to the last, 64 KiB in all.
  package let sample: UInt
  /// Device and inode, which name the file on this node.
  package let device: UInt
  package let inode: UInt

  /// Of a regular file; throws ``InputError`` if it is missing or not a regular file.
  package init(of path: String) throws {
    let status = try statusOfFile(path)
    byteCount = Int(status.st_size)
    sample = try Self.sampledChecksum(of: path, byteCount: byteCount, samples: 16)
    modifiedSeconds = Int(status.st_mtim.tv_sec)
    modifiedNanoseconds = Int(status.st_mtim.tv_nsec)
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// What must be the same on every node: numbers of devices need not be.
  package var acrossNodes: [Int] {
    [byteCount, modifiedSeconds, modifiedNanoseconds, Int(sample)]
  }

  private static let sampleLength = 4096

  /// CRC-32 of so many pieces of 4 KiB of a file of that size, from the first bytes to the last. Throws
  /// ``InputError`` if it cannot be opened, ``OutputError`` if a read fails.
  package static func sampledChecksum(of path: String, byteCount: Int, samples: Int) throws
    -> UInt
  {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw InputError.noInput("\(path): cannot be read (\(String(cString: strerror(errno))))")
    }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: sampleLength)
    var crc = noBytes
    let last = max(0, byteCount - sampleLength)
    for index in 0..<samples {
      let (quotient, remainder) = last.quotientAndRemainder(dividingBy: samples - 1)
      let place = quotient * index + remainder * index / (samples - 1)
      var done = 0
      while done < min(sampleLength, byteCount) {
        let count = buffer.withUnsafeMutableBytes {
          pread(file, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(place + done))
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw OutputError.system("reading", path) }
        if count == 0 { break }
        done += count
      }
      crc = buffer.withUnsafeBytes {
        checksum(UnsafeRawBufferPointer(rebasing: $0[..<done]), after: crc)
      }
    }
    return crc
  }
}

/// What the system says of a regular file; throws ``InputError`` if it is missing or something else.
func statusOfFile(_ path: String) throws -> stat {
  var status = stat()
  guard stat(path, &status) == 0 else {
    let why = errno == ENOENT ? "no such file" : String(cString: strerror(errno))
    throw InputError.noInput("\(path): \(why)")
  }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw InputError.badData("\(path): not a regular file, expected an HDF5 file")
  }
  return status
}
