// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import MessagePassing

/// An HDF5 file that all ranks write together and that gets its name only when it is finished.
///
/// The root claims the output and creates the file under a temporary name beside the final one,
/// with its space reserved; it lays the datasets out; every rank writes its own bytes of them with
/// `pwrite`, checks and syncs them; what stands on disk is read back and compared; the root adds the
/// small things, opens the finished file once and renames it.
/// MPI-IO is not used: Open MPI's default driver loses write errors in collective mode, and a full
/// disk leaves a file that opens normally and reads zeros.
package final class ParallelFile {
  /// The final name.
  package let path: String
  private let temporary: String
  private let replaces: Bool

  private let world: Communicator
  private var claim: OutputClaim?
  private var reserved = 0
  private var descriptor: Int32 = -1
  private var datasets: [PlannedDataset] = []
  private var addresses: [Int] = []
  /// The bytes this rank has written.
  private var written = WrittenPieces()

  /// Claims the output and creates the empty temporary file, so that a directory that cannot be
  /// written, another job with the same output, and a disk without `byteCount` free bytes are known
  /// before any work. Refuses to replace an existing file unless `force`, and to replace `input` at
  /// all. Collective.
  package init(
    path: String, replacing force: Bool, input: String?, reserving byteCount: Int = 0,
    on world: Communicator
  ) throws {
    self.path = path
    self.world = world
    replaces = force
    let host = ProcessInfo.processInfo.hostName
    var token = Array("\(host).\(getpid())".utf8)
    token = try world.broadcast(token, from: 0, filler: 0)
    temporary = OutputClaim.temporaryName(
      for: path, token: String(decoding: token, as: UTF8.self))
    try world.agreeOnRoot {
      try checkTarget(input: input)
      claim = try OutputClaim(path: path, temporary: temporary)
      do {
        // Another job may have finished it in between.
        try checkTarget(input: input)
        try createTemporary(reserving: byteCount)
      } catch {
        abandon()
        throw error
      }
      Watch.remember(temporary: temporary)
    }
  }

  private func checkTarget(input: String?) throws {
    var (target, source) = (stat(), stat())
    if let input, stat(path, &target) == 0, stat(input, &source) == 0,
      source.st_dev == target.st_dev, source.st_ino == target.st_ino
    {
      throw OutputError.cannotCreate("\(path): is the input itself; choose another output")
    }
    try OutputName.check(path, replacing: replaces)
  }

  private func createTemporary(reserving byteCount: Int) throws {
    let file = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw OutputError.creating(path) }
    guard close(file) == 0 else { throw OutputError.system("close", path) }
    // HDF5 cuts the file to nothing before it writes to it, so the space is reserved again.
    try reserve(byteCount, in: temporary, of: path)
    try asOutput { try createEmptyFile(temporary, of: path) }
    try reserve(byteCount, in: temporary, of: path)
    reserved = byteCount
  }

  /// Does `body`, and removes the temporary file if it throws: from any rank, since the root may wait
  /// for one that fails alone, and sees by this that the job was not stopped from outside.
  package func removingOnFailure<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      unlink(temporary)
      if world.isRoot { abandon() }
      throw error
    }
  }

  /// An error of HDF5 in a file of ours is one of the output.
  private func asOutput<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as HDF5Error {
      throw OutputError.failed("\(error)")
    }
  }

  private func abandon() {
    if claim != nil { unlink(temporary) }
    claim?.release()
    claim = nil
  }

  // MARK: Laying out

  /// Room for HDF5's own data and the small parts of a file.
  package static let overhead = 1 << 16

  /// Lays the datasets out and reserves their space, so that a full disk is known now. Collective.
  package func layOut(_ planned: [PlannedDataset]) throws {
    datasets = planned
    addresses = [Int](repeating: 0, count: planned.count)
    try world.agreeOnRoot {
      addresses = try asOutput { try createDatasets(planned, in: temporary, of: path) }
      let end = zip(addresses, datasets).map { $0 + $1.byteCount }.max() ?? 0
      try reserve(max(reserved, end + Self.overhead), in: temporary, of: path)
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
    written.append(
      bytes, dataset: dataset, offset: offset, block: datasets[dataset].checksumBlock)
  }

  // MARK: Finishing

  /// Syncs, compares what stands on disk with what was written, adds `finish`'s small datasets and
  /// attributes, and gives the file its name. Collective.
  ///
  /// The CRC-32 of each contiguous dataset, as it stands on disk, is attached to it as attribute
  /// `crc32`, and those of its blocks of rows stand beside it, if they are planned: 32 bytes a block
  /// are gathered by the root. Without `comparing`, data that can be made again is not read back.
  package func commit(comparing: Bool = true, _ finish: (SmallParts) throws -> Void) throws {
    try world.agree {
      guard fsync(descriptor) == 0 else { throw OutputError.system("fsync", path) }
      if comparing { try compare() }
      guard close(descriptor) == 0 else { throw OutputError.system("close", path) }
    }
    let table = try world.gather(written.table, filler: 0)
    try world.agreeOnRoot {
      try asOutput { try addSmallParts(WrittenPieces(table: table), finish) }
      try checkFinished()
      try syncAndRename()
      claim?.release()
      claim = nil
    }
  }

  private func compare() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 22)
    for piece in written.pieces {
      var crc = noBytes
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
        throw OutputError.failed(
          "\(path): \(datasets[piece.dataset].path) reads back other than it was written; the "
            + "storage is not reliable")
      }
    }
  }

  private func addSmallParts(_ written: WrittenPieces, _ finish: (SmallParts) throws -> Void) throws
  {
    let parts = try SmallParts(in: temporary, of: path)
    for (index, dataset) in datasets.enumerated() where dataset.chunk == nil {
      guard let sums = written.checksums(of: index, as: dataset) else { continue }
      try parts.attach(
        [ChecksumName.attribute: .integers([Int(sums.whole)])], to: dataset.path)
      if let rows = dataset.rowsPerChecksum, !sums.blocks.isEmpty {
        try parts.add(checksums: sums.blocks, rowsPerBlock: rows, of: dataset.path)
      }
    }
    try finish(parts)
    try parts.finish()
  }

  /// Opens the file as any reader does and compares its small datasets with their checksums.
  private func checkFinished() throws {
    do {
      let file = try HDF5File(reading: temporary)
      try file.checkAll(except: datasets.map(\.path))
    } catch {
      throw OutputError.failed(
        "\(path): does not read as it was written; the storage is not reliable (\(error))")
    }
  }

  private func syncAndRename() throws {
    if !replaces, access(path, F_OK) == 0 {
      throw OutputError.cannotCreate(
        "\(path): another program has created it in the meantime; use --force to replace it")
    }
    try OutputName.give(path, to: temporary)
    Watch.remember(temporary: nil)
  }
}
