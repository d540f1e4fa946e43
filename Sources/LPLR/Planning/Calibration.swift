// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ParallelHDF5

/// Measures the rates of ``Machine`` on this node with the program's own inner loops, first on one
/// core, then on all that are asked for at once, as ranks of a job would run.
///
/// A rate is that of the quicker quarter of many short repetitions, in seconds of the processor (but for
/// reading), so that other programs disturb it little. About 3 seconds each.
package struct Calibration {
  package let cores: Int
  /// A large file, for the rate of sequential reading; nil: the usual figures.
  package let file: String?

  package init(cores: Int, file: String?) {
    (self.cores, self.file) = (cores, file)
  }

  /// Throws `InputError` if the file cannot be read.
  package func measure() throws -> Machine {
    let descriptor = try file.map(Self.open)
    defer { if let descriptor { close(descriptor) } }
    var machine = Machine.usual
    machine.cores = cores
    for kernel in CalibrationKernel.allCases where kernel != .read || descriptor != nil {
      machine.alone[keyPath: kernel.rate] = try rate(of: kernel, ranks: 1, descriptor)
      machine.busy[keyPath: kernel.rate] =
        cores > 1
        ? try rate(of: kernel, ranks: cores, descriptor) : machine.alone[keyPath: kernel.rate]
    }
    // A product's time is that of its flops and that of passing over its elements.
    machine.alone.multiplied = Self.elements(of: machine.alone)
    machine.busy.multiplied = Self.elements(of: machine.busy)
    return machine
  }

  private static func open(_ path: String) throws -> Int32 {
    _ = try FileIdentity(of: path)
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw InputError.noInput("\(path): cannot be read (\(String(cString: strerror(errno))))")
    }
    return descriptor
  }

  /// From the rate of narrow products, in elements a second.
  private static func elements(of rates: Machine.Rates) -> Double {
    let whole = 1 / rates.multiplied
    let flops = 2 * Double(CalibrationKernel.narrow) / rates.flops
    return 1 / max(whole - flops, whole / 20)
  }

  /// The rate of one of so many threads that do the same at once.
  private func rate(of kernel: CalibrationKernel, ranks: Int, _ file: Int32?) throws -> Double {
    let results = Results(ranks: ranks)
    for number in 0..<ranks {
      let thread = Thread {
        results.record(Result { try kernel.rate(number: number, file: file) })
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    return try results.mean()
  }

  /// `@unchecked Sendable` because every access is under the condition's lock.
  private final class Results: @unchecked Sendable {
    private let condition = NSCondition()
    private let ranks: Int
    private var results: [Result<Double, any Error>] = []

    init(ranks: Int) { self.ranks = ranks }

    func record(_ result: Result<Double, any Error>) {
      condition.lock()
      results.append(result)
      condition.broadcast()
      condition.unlock()
    }

    func mean() throws -> Double {
      condition.lock()
      defer { condition.unlock() }
      while results.count < ranks { condition.wait() }
      return try results.reduce(0) { try $0 + $1.get() } / Double(ranks)
    }
  }
}
