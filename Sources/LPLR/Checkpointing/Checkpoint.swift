// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import MessagePassing
internal import ParallelHDF5

/// Keeps what the reads of A have summed up, so that a job that was killed goes on where it was.
///
/// All that costs a read is made by ``Sweep``, and everything
/// between reads follows from it alone. So a checkpoint is the sums of every read so far, the last one
/// at a tile between two groups, and a resume is the same program from its beginning, in which the
/// reads that were done take no time. Another number of ranks or another memory makes no difference:
/// rows of sums belong to panels and tiles, and tiles are added one by one.
///
/// The sums of a finished read are always written, but only put on disk with the next checkpoint.
final class Checkpoint {
  private var folder: CheckpointFolder
  private let world: Communicator
  private let identity: [CheckpointManifest.Trait]
  private let interval: Double
  /// Nothing is kept: storage has failed, or the method cannot go on from its reads.
  private var isOff = false
  /// Why storage has failed on this rank, until it is said.
  private var complaint: String?

  /// The reads so far, as they stand on disk, and which of their files this rank has yet to sync;
  /// checksums are complete on the root.
  private var passes: [CheckpointManifest.Pass] = []
  private var unsynced: [String] = []
  /// What the job goes on from.
  private var found: [CheckpointManifest.Pass] = []
  /// The reads so far, kept or not.
  private var begun = 0
  private var generation = 1
  /// Where the newest checkpoint is.
  private var position: String?
  private let clock = ContinuousClock()
  private var lastSave: ContinuousClock.Instant

  /// Goes on from the newest whole checkpoint in the folder, if there is one, and says so. Collective.
  /// Throws ``CheckpointError`` if it is one of another request, or none of several is whole.
  init(
    _ folder: CheckpointFolder, every minutes: Double, identity: [CheckpointManifest.Trait],
    on world: Communicator
  ) throws {
    (self.folder, self.world, self.identity) = (folder, world, identity)
    interval = 60 * minutes
    lastSave = clock.now
    try restore()
    sayHowToGoOn()
  }

  /// Keeps nothing, and ends the job when a signal asks for it.
  init(offOn world: Communicator) {
    (folder, self.world, identity, interval) = (CheckpointFolder(""), world, [], .infinity)
    lastSave = clock.now
    isOff = true
    sayHowToGoOn()
  }

  // MARK: During a read

  /// Begins a read of A and restores what is known of it; returns how many of its tiles are done.
  /// Collective.
  func begin(_ state: PassState, tiles: Int) throws -> Int {
    let number = begun
    begun += 1
    guard number < found.count else { return 0 }
    let pass = found[number]
    try world.agree { try restore(pass, to: state, tiles: tiles) }
    state.afterRestoring()
    if pass.tilesDone == tiles { passes.append(pass) }
    return pass.tilesDone
  }

  /// What this rank wants after a group of tiles, the last one of a read or not.
  func wish(atEnd isLast: Bool) -> Wish {
    // The end of a read is a good place, but not after every short one.
    let due = isLast ? interval / 10 : interval
    let canTell = !isOff || complaint != nil
    return max(.ofSignals, canTell && clock.now - lastSave >= .seconds(due) ? .save : .none)
  }

  /// Grants a wish of the ranks after a group of tiles. Collective. Throws ``Interrupted`` for
  /// ``Wish/end``.
  func reached(_ tilesDone: Int, of tiles: Int, _ state: PassState, _ wish: Wish) throws {
    usleep(Self.testPause)
    let isLast = tilesDone == tiles
    if !isOff, isLast || wish >= .save {
      try tolerating {
        let pass = try write(state, tilesDone, of: tiles)
        if isLast { passes.append(pass) }
        if wish >= .save { try commit(isLast ? passes : passes + [pass]) }
      }
    }
    if wish >= .save { sayComplaint() }
    if wish == .end { try end() }
  }

  /// A place between reads where the job may end. Collective; one reduction of a number.
  func pause() throws {
    let wish = try world.allReduce(Wish.ofSignals.rawValue, .max)
    guard wish == Wish.end.rawValue else { return }
    // What the job goes on from may be further than it has come by now.
    if !isOff, !passes.isEmpty, begun >= found.count { try tolerating { try commit(passes) } }
    sayComplaint()
    try end()
  }

  /// Does `body`; removes the checkpoints if it succeeds, and if it fails what belongs to none.
  /// Collective.
  func removingAfter<Result>(_ body: () throws -> Result) throws -> Result {
    defer {
      if world.isRoot, !folder.path.isEmpty { isNeeded ? folder.release() : folder.remove() }
    }
    let result = try body()
    position = nil
    return result
  }

  private var isNeeded: Bool { position != nil }

  private func sayComplaint() {
    guard let complaint else { return }
    MPISession.report("no more checkpoints in this run: \(complaint)")
    self.complaint = nil
  }

  private func end() throws -> Never { try world.fail(Interrupted(farewell: farewell)) }

  // MARK: Saving

  /// Writes the sums of the read in progress. Collective.
  private func write(_ state: PassState, _ tilesDone: Int, of tiles: Int) throws
    -> CheckpointManifest.Pass
  {
    try world.agreeOnRoot { try folder.claim() }
    try state.beforeSaving()
    let names = state.rows.map {
      CheckpointFolder.arrayName(generation, pass: passes.count, $0.name)
    }
    let mine = try world.agree {
      try zip(state.rows, names).map { try $0.write(to: folder.file($1), as: world.rank) }
    }
    unsynced += names
    let parts = try zip(zip(state.rows, names), mine).map { saved, mine in
      let (rows, name) = saved
      return CheckpointManifest.Part(
        name: rows.name, file: name, rows: rows.partition.extent, rowBytes: rows.rowBytes,
        blockRows: rows.partition.blockSize, checksums: try world.gather(mine, filler: 0))
    }
    return CheckpointManifest.Pass(tilesDone: tilesDone, tiles: tiles, arrays: parts)
  }

  /// Puts all files on disk and makes a checkpoint of them. Collective.
  private func commit(_ passes: [CheckpointManifest.Pass]) throws {
    try world.agree {
      for name in unsynced { try OutputName.sync(folder.file(name)) }
    }
    let manifest = CheckpointManifest(
      generation: generation, written: Date().ISO8601Format(), identity: identity, passes: passes)
    try world.agreeOnRoot { try folder.commit(manifest) }
    unsynced = []
    generation += 1
    lastSave = clock.now
    position = manifest.position
    sayHowToGoOn()
  }

  /// A job is not to fail because it cannot be resumed. It keeps the last checkpoint, and says why
  /// there are no more when the next one is due.
  private func tolerating(_ body: () throws -> Void) throws {
    do {
      try body()
      return
    } catch let failure as AgreedFailure {
      complaint = "\(failure)"
    } catch is PeerFailure {}
    isOff = true
    if world.isRoot { folder.prune() }
  }

  // MARK: Restoring

  private func restore() throws {
    var generations: [Int] = []
    try world.agreeOnRoot {
      generations = try folder.generations
      generation = try folder.nextGeneration
    }
    generations = try world.broadcast(generations, from: 0, filler: 0)
    generation = try world.broadcast([generation], from: 0, filler: 0)[0]
    var damage: String?
    for number in generations {
      do {
        let manifest = try self.manifest(number)
        (found, position) = (manifest.passes, manifest.position)
        if let damage { MPISession.report("passed over a damaged checkpoint: \(damage)") }
        if world.isRoot {
          MPISession.report("resumed from \(manifest.position) (\(folder.path))")
        }
        return
      } catch let failure as AgreedFailure where failure.underlying.isDamage {
        damage = "\(failure)"
      } catch let failure as PeerFailure where failure.exitStatus == ExitStatus.badData {}
    }
    // The ranks that have seen the damage say so.
    try world.agree {
      guard let damage else { return }
      throw CheckpointError.damaged(
        "\(folder.path): no checkpoint in it is whole; remove it to start again (\(damage))")
    }
    // What a job left that was killed before its first checkpoint.
    if world.isRoot { folder.removeFiles() }
  }

  /// The list of a checkpoint that is whole and of this request. Collective.
  private func manifest(_ number: Int) throws -> CheckpointManifest {
    var bytes: [UInt8] = []
    try world.agreeOnRoot {
      let manifest = try folder.manifest(number)
      try check(manifest.identity)
      bytes = try manifest.encoded()
    }
    bytes = try world.broadcast(bytes, from: 0, filler: 0)
    return try world.agree {
      let manifest = try CheckpointManifest(decoding: bytes, path: folder.path)
      try folder.check(manifest, rank: world.rank, ranks: world.size)
      return manifest
    }
  }

  /// Throws if it is the checkpoint of another request, and says what is different.
  private func check(_ theirs: [CheckpointManifest.Trait]) throws {
    let known = Dictionary(theirs.map { ($0.name, $0.value) }) { first, _ in first }
    let changes = identity.filter { known[$0.name] != $0.value }.map {
      "\($0.name) was \(known[$0.name] ?? "unknown"), is \($0.value)"
    }
    guard !changes.isEmpty else { return }
    throw CheckpointError.refused(
      "\(folder.path): is the checkpoint of another request: \(changes.joined(separator: "; ")); "
        + "remove it to start again, or name another directory by --checkpoint")
  }

  private func restore(_ pass: CheckpointManifest.Pass, to state: PassState, tiles: Int) throws {
    guard pass.tiles == tiles, pass.arrays.count == state.rows.count else {
      throw CheckpointError.damaged("\(folder.path): does not fit this matrix; remove it")
    }
    for (part, rows) in zip(pass.arrays, state.rows) {
      guard part.name == rows.name, part.rowBytes == rows.rowBytes,
        part.partition(ranks: world.size) == rows.partition
      else {
        throw CheckpointError.damaged("\(folder.file(part.file)): does not fit this matrix")
      }
      try rows.read(from: folder.file(part.file), as: world.rank, checksums: part.checksums)
    }
  }

  // MARK: Words

  private var farewell: String {
    position.map { "; the same command goes on from \($0) (\(folder.path))" }
      ?? "; there is no checkpoint yet, the same command begins again"
  }

  private func sayHowToGoOn() { Watch.remember(farewell: farewell) }

  /// Microseconds after each group of tiles, so that tests can interrupt short jobs.
  private static let testPause = UInt32(
    1000 * (Double(ProcessInfo.processInfo.environment["LPLR_TEST_PAUSE_MS"] ?? "") ?? 0))
}

extension Error {
  fileprivate var isDamage: Bool {
    (self as? CheckpointError)?.exitStatus == ExitStatus.badData
  }
}
