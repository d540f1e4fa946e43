// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessagePassing

/// A short-lived process that meets the input file before the job does.
///
/// Damaged metadata can crash the HDF5 library or make it loop. The root runs this program once more
/// on the file; what ends the child that way becomes an error with one line. It is started before
/// MPI is, whose own start takes longer.
final class ValidatingChild {
  static let secondsAllowed: UInt32 = 20

  private let path: String
  private var process: pid_t = 0
  private var output: Int32 = -1

  /// A matrix, factors, or both, as ``LPLRDist/Validate`` takes them.
  init(matrix: String?, dataset: String? = nil, factors: String? = nil) {
    path = [factors, matrix].compactMap { $0 }.joined(separator: " or ")
    guard LPLRDist.isFirstRank else { return }
    let options = [("matrix", matrix), ("dataset", dataset), ("factors", factors)]
    start(
      ["lplr-dist", "validate"]
        + options.compactMap { name, value in value.map { "--\(name)=\($0)" } })
  }

  /// Waits for the child on the root. Collective. Throws what it found, on every rank.
  func finish(on world: Communicator) throws {
    try world.agreeOnRoot { try check() }
  }

  /// Where a process cannot be started, the job meets the file itself.
  private func start(_ arguments: [String]) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // In a group of its own, since signals to the job are not for it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var arguments = arguments.map { strdup($0) } + [nil]
    var variables = Self.environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    if posix_spawn(&process, "/proc/self/exe", &actions, &attributes, &arguments, &variables) != 0 {
      process = 0
    }
    close(ends[1])
    output = ends[0]
  }

  /// Ours, without what makes a process a rank of a job, and with one thread.
  private static var environment: [String] {
    ProcessInfo.processInfo.environment.compactMap { name, value in
      ["OMPI_", "PMIX_", "PMI_", "ORTE_", "OPENBLAS_"].contains { name.hasPrefix($0) }
        ? nil : "\(name)=\(value)"
    } + ["OPENBLAS_NUM_THREADS=1"]
  }

  /// Signals that a process brings upon itself.
  private static let faults = [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP]

  private func check() throws {
    guard process > 0 else { return }
    defer { close(output) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    let exitStatus = status >> 8 & 0xff
    if signal == SIGALRM {
      throw RefusedInput(
        exitStatus: ExitStatus.badData,
        description: "\(path): to look at it took more than \(Self.secondsAllowed) s; the file is "
          + "damaged, or its file system does not answer")
    }
    guard signal == 0 || Self.faults.contains(signal) else {
      throw RefusedInput(
        exitStatus: ExitStatus.internalError,
        description:
          "\(path): the process that looks at it was ended from outside (signal \(signal))")
    }
    if signal != 0 {
      throw RefusedInput(
        exitStatus: ExitStatus.badData,
        description: "\(path): the HDF5 library fails on it (signal \(signal)); the file is damaged"
      )
    }
    guard exitStatus == 0 else {
      let words = String(decoding: text, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      throw RefusedInput(
        exitStatus: exitStatus,
        description: words.isEmpty ? "\(path): cannot be read (status \(exitStatus))" : words)
    }
  }
}

/// What the child has found.
private struct RefusedInput: JobError, CustomStringConvertible {
  let exitStatus: Int32
  let description: String
}
