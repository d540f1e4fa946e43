// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LPLR
internal import MessagePassing

/// How much goes to standard error.
enum LogLevel: String, CaseIterable, Comparable {
  /// What ends the run, and nothing else.
  case error, warning
  /// Progress.
  case info
  /// Every phase when it ends.
  case debug

  static func < (one: LogLevel, other: LogLevel) -> Bool { one.order < other.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Shows where a run stands: on a terminal one line that is written over, elsewhere a line now and
/// then.
///
/// A thread of its own looks at the ``RunProgress`` and prints, so the computation is not held up, and
/// there is a sign of life in long phases. `@unchecked Sendable` because the flags that two threads
/// see are under the condition's lock.
final class ProgressLine: @unchecked Sendable {
  private let progress: RunProgress
  private let level: LogLevel
  private let isOnTerminal = Terminal.isStandardError
  private let start = ContinuousClock.now

  private let condition = NSCondition()
  private var isStopped = false
  private var hasEnded = false

  // Of the printing thread alone.
  private var isLineOpen = false
  private var lastLine = ContinuousClock.now

  /// Runs shorter than this show nothing on a terminal.
  private static let patience = 1.0
  /// Seconds from one line of a log to the next.
  private static let logInterval = 30.0

  init(_ progress: RunProgress, level: LogLevel) {
    self.progress = progress
    self.level = level
    Thread { [self] in show() }.start()
  }

  /// Takes the line off the screen; nothing is printed afterwards. May be called again.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while !hasEnded { condition.wait() }
    condition.unlock()
  }

  // MARK: The printing thread

  private func show() {
    condition.lock()
    while !isStopped {
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2))
      // Printing may block, and the computation shall not wait for it.
      let isLast = isStopped
      condition.unlock()
      look(isLast: isLast)
      condition.lock()
    }
    hasEnded = true
    condition.broadcast()
    condition.unlock()
  }

  private func look(isLast: Bool) {
    let finished = progress.takeFinished()
    if level == .debug { for part in finished { log(part.state.report(after: part.seconds)) } }
    if isLast {
      erase()
    } else if isOnTerminal {
      guard start.duration(to: .now).inSeconds >= Self.patience else { return }
      TextStream.complain("\(Terminal.eraser)\(LPLRDist.commandName): \(progress.state.text)")
      isLineOpen = true
    } else if lastLine.duration(to: .now).inSeconds >= Self.logInterval {
      log(progress.state.text)
    }
  }

  private func log(_ text: String) {
    erase()
    lastLine = .now
    MPISession.complain("\(LPLRDist.commandName): \(text)")
  }

  private func erase() {
    if isLineOpen { TextStream.complain(Terminal.eraser) }
    isLineOpen = false
  }
}

/// Whether somebody watches.
enum Terminal {
  /// Takes away what stands on the line.
  static let eraser = "\r\u{1B}[K"

  /// Whether standard error goes to a terminal: by itself, or through the launcher that started this
  /// rank, which hands on what the ranks write into its pipes.
  static var isStandardError: Bool {
    if isatty(STDERR_FILENO) == 1 { return true }
    var status = stat()
    guard fstat(STDERR_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
      return false
    }
    let parent = "/proc/\(getppid())"
    let files = FileManager.default
    guard let name = files.contents(atPath: "\(parent)/comm"),
      launchers.contains(String(decoding: name, as: UTF8.self).filter { $0 != "\n" }),
      let target = try? files.destinationOfSymbolicLink(atPath: "\(parent)/fd/2")
    else { return false }
    return target.hasPrefix("/dev/pts/") || target.hasPrefix("/dev/tty")
  }

  private static let launchers = ["mpirun", "mpiexec", "orterun", "prterun"]
}
