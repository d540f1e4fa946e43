// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import CZlib
internal import Foundation
package import MessagePassing

/// An HDF5 file that all ranks write together and that gets its name only when it is finished.
///
/// The root lays the file out under a temporary name beside the final one, with all space
/// allocated; every rank writes its own bytes of the datasets with `pwrite`, checks and syncs them;
/// what stands on disk is read back and compared; the root adds the small things and renames.
/// MPI-IO is not used: Open MPI's default driver loses write errors in collective mode, and a full
/// disk leaves a file that opens normally and reads zeros.
package final class ParallelFile {
  /// The final name.
  package let path: String
  private let temporary: String

  /// A run of bytes of a dataset's storage and their CRC-32.
  private struct Piece {
    let dataset: Int
    let offset: Int
    var count: Int
    var crc: UInt
  }

  private let world: Communicator
  private var descriptor: Int32 = -1
  private var datasets: [PlannedDataset] = []
  private var addresses: [Int] = []
  /// The bytes this rank has written.
  private var written: [Piece] = []

  /// Creates the empty temporary file, so that a directory that cannot be written is known before
  /// any work. Refuses to replace an existing file unless `force`, and to replace `input` at all.
  /// Collective.
  package init(path: String, replacing force: Bool, input: String?, on world: Communicator) throws {
    self.path = path
    self.world = world
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    let host = ProcessInfo.processInfo.hostName
    var token = Array("\(host).\(getpid())".utf8)
    token = try world.broadcast(token, from: 0, filler: 0)
    temporary =
      (folder.isEmpty ? "." : folder) + "/.\(name).\(String(decoding: token, as: UTF8.self)).tmp"
    try world.agreeOnRoot {
      try Self.checkTarget(path, force: force, input: input)
      descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw OutputError.cannotCreate(
          "\(path): cannot create a file in its directory (\(String(cString: strerror(errno))))")
      }
      close(descriptor)
      descriptor = -1
      Watch.remember(temporary: temporary)
    }
  }

  private static func checkTarget(_ path: String, force: Bool, input: String?) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw OutputError.cannotCreate("\(path): is a directory, expected the name of a file")
    }
    if let input {
      let identity = try FileIdentity(of: input)
      if identity.device == UInt(status.st_dev) && identity.inode == UInt(status.st_ino) {
        throw OutputError.cannotCreate("\(path): is the input itself; choose another output")
      }
    }
    guard force else {
      throw OutputError.cannotCreate("\(path): exists already; use --force to replace it")
    }
  }

  /// Does `body`, and removes the temporary file if it throws.
  package func removingOnFailure<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      if world.isRoot { unlink(temporary) }
      throw error
    }
  }

  // MARK: Laying out

  /// Lays the datasets out and reserves their space, so that a full disk is known now. Collective.
  package func layOut(_ planned: [PlannedDataset]) throws {
    datasets = planned
    addresses = [Int](repeating: 0, count: planned.count)
    try world.agreeOnRoot {
      addresses = try createDatasets(planned, in: temporary)
      try reserve()
    }
    addresses = try world.broadcast(addresses, from: 0, filler: 0)
    try world.agree {
      descriptor = open(temporary, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw OutputError.cannotCreate(
          "\(path): the directory is not the same one on host \(ProcessInfo.processInfo.hostName) "
            + "(\(String(cString: strerror(errno)))); all ranks must see it")
      }
    }
  }

  private func reserve() throws {
    let file = open(temporary, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { throw OutputError.system("open", path) }
    defer { close(file) }
    let needed = zip(addresses, datasets).map { $0 + $1.byteCount }.max() ?? 0
    guard needed > 0 else { return }
    let code = posix_fallocate(file, 0, off_t(needed))
    guard code == 0 else {
      var space = statvfs()
      let free = fstatvfs(file, &space) == 0 ? Int(space.f_bavail) * Int(space.f_frsize) : -1
      throw OutputError(
        exitStatus: ExitStatus.inputOutput,
        description: "\(path): cannot reserve \(needed) bytes, \(free) are free "
          + "(\(String(cString: strerror(code))))")
    }
  }

  // MARK: Writing

  /// Writes bytes of a dataset, by its number in the plan, from byte `offset` of its storage on.
  package func write(_ bytes: UnsafeRawBufferPointer, dataset: Int, offset: Int) throws {
    precondition(offset + bytes.count <= datasets[dataset].byteCount, "writing beyond a dataset")
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 28),
        off_t(addresses[dataset] + offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError.system("writing \(datasets[dataset].path)", path)
      }
      done += count
    }
    remember(bytes, dataset, offset)
  }

  private func remember(_ bytes: UnsafeRawBufferPointer, _ dataset: Int, _ offset: Int) {
    let known =
      written.last.map { $0.dataset == dataset && $0.offset + $0.count == offset } ?? false
    let crc = checksum(bytes, after: known ? written[written.count - 1].crc : crc32(0, nil, 0))
    if known {
      written[written.count - 1].count += bytes.count
      written[written.count - 1].crc = crc
    } else {
      written.append(Piece(dataset: dataset, offset: offset, count: bytes.count, crc: crc))
    }
  }

  // MARK: Finishing

  /// Syncs, compares what stands on disk with what was written, adds `finish`'s small datasets and
  /// attributes, and gives the file its name. Collective. The CRC-32 of each contiguous dataset,
  /// as it stands on disk, is attached to it as attribute `crc32`. Without `comparing`, data that
  /// can be made again is not read back.
  package func commit(comparing: Bool = true, _ finish: (SmallParts) throws -> Void) throws {
    try world.agree {
      guard fsync(descriptor) == 0 else { throw OutputError.system("fsync", path) }
      if comparing { for piece in written { try compare(piece) } }
      guard close(descriptor) == 0 else { throw OutputError.system("close", path) }
    }
    let table = try world.gather(
      written.flatMap { [$0.dataset, $0.offset, $0.count, Int($0.crc)] }, filler: 0)
    try world.agreeOnRoot {
      try addSmallParts(checksums: combined(table), finish)
      try syncAndRename()
    }
  }

  private func compare(_ piece: Piece) throws {
    var buffer = [UInt8](repeating: 0, count: min(piece.count, 1 << 22))
    var crc = crc32(0, nil, 0)
    var done = 0
    while done < piece.count {
      let count = buffer.withUnsafeMutableBytes {
        pread(
          descriptor, $0.baseAddress, min($0.count, piece.count - done),
          off_t(addresses[piece.dataset] + piece.offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError.system("reading back \(datasets[piece.dataset].path)", path)
      }
      crc = buffer.withUnsafeBytes {
        checksum(UnsafeRawBufferPointer(rebasing: $0[..<count]), after: crc)
      }
      done += count
    }
    guard crc == piece.crc else {
      throw OutputError(
        exitStatus: ExitStatus.inputOutput,
        description: "\(path): \(datasets[piece.dataset].path) reads back other than it was "
          + "written; the storage is not reliable")
    }
  }

  /// The checksum of each dataset that was written without gaps, from those of its pieces.
  private func combined(_ table: [Int]) -> [Int: UInt] {
    var pieces = stride(from: 0, to: table.count, by: 4).map { row in
      Piece(
        dataset: table[row], offset: table[row + 1], count: table[row + 2],
        crc: UInt(table[row + 3]))
    }
    pieces.sort { ($0.dataset, $0.offset) < ($1.dataset, $1.offset) }
    var checksums: [Int: (count: Int, crc: UInt)] = [:]
    for piece in pieces {
      let before = checksums[piece.dataset] ?? (0, crc32(0, nil, 0))
      guard before.count == piece.offset else { continue }
      checksums[piece.dataset] = (
        before.count + piece.count, crc32_combine(before.crc, piece.crc, piece.count)
      )
    }
    return checksums.filter { datasets[$0.key].byteCount == $0.value.count }.mapValues(\.crc)
  }

  private func addSmallParts(
    checksums: [Int: UInt], _ finish: (SmallParts) throws -> Void
  ) throws {
    let parts = try SmallParts(path: temporary)
    for (dataset, crc) in checksums.sorted(by: { $0.key < $1.key })
    where datasets[dataset].chunk == nil {
      try parts.attach(
        ["crc32": .integers([Int(crc)])], to: datasets[dataset].path)
    }
    try finish(parts)
    try parts.flush()
  }

  private func syncAndRename() throws {
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw OutputError.system("open", path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw OutputError.system("fsync", path) }
    guard rename(temporary, path) == 0 else { throw OutputError.system("rename", path) }
    Watch.remember(temporary: nil)
    let folder = (path as NSString).deletingLastPathComponent
    let directory = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { return }
    defer { close(directory) }
    // Some file systems refuse to sync a directory; the rename itself has succeeded.
    _ = fsync(directory)
  }
}

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
