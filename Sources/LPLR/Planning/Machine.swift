// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ParallelHDF5

/// What a node does in a second, measured by ``Calibration``; the only constants of the model.
package struct Machine: Codable, Sendable {
  /// Cores that the calibration has used.
  package var cores: Int
  /// One rank by itself, and one of as many as there are cores.
  package var alone: Rates
  package var busy: Rates
  /// Seconds of a message, and bytes a second of a node, between nodes. Not measured.
  package var networkLatency = 5e-6
  package var networkBandwidth = 1e10

  /// Of one rank.
  package struct Rates: Codable, Equatable, Sendable {
    /// Elements of A a second: through the sparse sketch, and loaded for a product.
    package var sketched = 5e8
    package var multiplied = 2e9
    /// Flops a second: products in single and double precision, QR.
    package var flops = 5e10
    package var doubleFlops = 2.5e10
    package var qrFlops = 1e10
    /// Terms of a reproducible sum, quantized elements, and bytes copied, a second.
    package var summed = 5e8
    package var quantized = 1e8
    package var moved = 8e9
    /// Bytes of memory used for the first time, components whose scale is searched for, and bytes of
    /// sums written for a checkpoint, a second.
    package var touched = 2e9
    package var fitted = 3e3
    package var saved = 1e9
    /// n^3 of an SVD and of an eigenvalue problem, and components allocated, a second.
    package var rootSingular = 1e9
    package var rootEigen = 4e9
    package var rootAllocated = 5e3
    /// Bytes a second from the file system, and to it.
    package var bytesRead = 1e9
    package var bytesWritten = 2e8
  }

  package init(cores: Int, alone: Rates, busy: Rates) {
    (self.cores, self.alone, self.busy) = (cores, alone, busy)
  }

  /// Round figures of a server of 2022, for want of a calibration.
  package static let usual: Machine = {
    var busy = Rates()
    busy.sketched /= 2
    busy.moved /= 4
    busy.bytesRead /= 4
    return Machine(cores: 64, alone: Rates(), busy: busy)
  }()

  /// The rates of a rank beside others: times go over from one measurement to the other.
  func rates(ranksPerNode: Int) -> Rates {
    let share = cores > 1 ? min(1, Double(ranksPerNode - 1) / Double(cores - 1)) : 1
    // More ranks than cores take turns.
    let turns = max(1, Double(ranksPerNode) / Double(max(cores, 1)))
    var rates = alone
    for rate in Rates.all {
      rates[keyPath: rate] =
        1 / ((1 - share) / alone[keyPath: rate] + share / busy[keyPath: rate]) / turns
    }
    return rates
  }

  // MARK: The file

  package static var defaultPath: String {
    let variables = ProcessInfo.processInfo.environment
    let folder = variables["XDG_CONFIG_HOME"] ?? NSHomeDirectory() + "/.config"
    return folder + "/lplr-dist/machine.json"
  }

  /// Throws `InputError` that names the file.
  package init(reading path: String) throws {
    _ = try FileIdentity(of: path)
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      self = try decoder.decode(Machine.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw InputError.badData(
        "\(path): not the figures of a machine; write them with `lplr-dist plan --calibrate`")
    }
    let all = Rates.all.flatMap { [alone[keyPath: $0], busy[keyPath: $0]] }
    guard cores >= 1, networkBandwidth > 0, networkLatency >= 0, all.allSatisfy({ $0 > 0 }) else {
      throw InputError.badData("\(path): rates of a machine must be above 0")
    }
  }

  /// Replaces the file; makes its folder.
  package func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let folder = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let file = try TextOutput(path: path, replacing: true)
    defer { file.discard() }
    try file.commit(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n")
  }
}

extension Machine.Rates {
  static var all: [WritableKeyPath<Machine.Rates, Double>] {
    [
      \.sketched, \.multiplied, \.flops, \.doubleFlops, \.qrFlops, \.summed, \.quantized, \.moved,
      \.touched, \.fitted, \.saved, \.rootSingular, \.rootEigen, \.rootAllocated, \.bytesRead,
      \.bytesWritten,
    ]
  }
}

extension Machine {
  /// One rate a line: alone, and beside as many ranks as there are cores.
  package var text: String {
    let names = [
      "sketched elements", "elements of products", "flops", "flops in double precision",
      "flops of QR", "terms of sums", "quantized elements", "bytes copied", "bytes of new memory",
      "scales searched", "bytes of sums kept", "n^3 of an SVD", "n^3 of an eigenvalue problem",
      "components allocated", "bytes read", "bytes written",
    ]
    let lines = zip(names, Rates.all).map { name, rate in
      "\(alone[keyPath: rate].short) alone, \(busy[keyPath: rate].short) beside others: \(name)"
    }
    return "cores           \(cores)\na second, of one rank:\n" + lines.joined(separator: "\n")
  }
}
