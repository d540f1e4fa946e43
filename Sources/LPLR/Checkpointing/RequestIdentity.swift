// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// Where and how often checkpoints are written.
package struct CheckpointOptions: Sendable {
  /// nil: beside the output.
  package var folder: String?
  /// Minutes between checkpoints; 0: after every group of tiles.
  package var interval: Double

  package init(folder: String? = nil, interval: Double = Self.usualInterval) {
    self.folder = folder
    self.interval = interval
  }

  package static let usualInterval = 10.0
}

extension CompressionPlan {
  /// All that decides the bits of the sums over a matrix, as the user knows it; not the number of
  /// ranks nor their memory. Throws `InputError`.
  func identity(of input: InputMatrix) throws -> [CheckpointManifest.Trait] {
    let file = try FileIdentity(of: input.path)
    let traits: [(String, String)] = [
      ("the program", FactorFormat.creator), ("the BLAS kernels", BLAS.coreName),
      ("the dataset", input.datasetPath),
      ("the shape", "\(input.dataset.shape[0]) x \(input.dataset.shape[1])"),
      ("the size of the input", "\(file.byteCount) bytes"),
      (
        "the time of the input's last change", "\(file.modifiedSeconds).\(file.modifiedNanoseconds)"
      ),
      (
        "the checksum of samples of the input", try String(checksumOfSamples(input.path), radix: 16)
      ),
    ]
    let options: [(String, String?)] = [
      ("--rank", rule.rank.map(String.init)), ("--left-bits", rule.leftBits.map(String.init)),
      ("--right-bits", rule.rightBits.map(String.init)),
      ("--bits-per-entry", rule.bitsPerEntry.map { "\($0)" }),
      ("--tolerance", rule.tolerance.map { "\($0)" }),
      ("--power-iterations", request.powerIterations.map(String.init)),
      ("--width", request.width.map(String.init)),
      ("--certify", request.certifies ? "given" : nil),
      ("--basis", request.basis.rawValue), ("--method", request.method.rawValue),
      ("--sketch", request.sketch.rawValue), ("--quantizer", request.quantizer.rawValue),
      ("--seed", "\(request.seed)"), ("--block-axis", input.axis.rawValue),
      // What the plan makes of them, should the rules of a plan change.
      ("the width of the basis", "\(width)"), ("the width of the sketch", "\(sketchWidth)"),
    ]
    return (traits + options.map { ($0, $1 ?? "not given") }).map { .init(name: $0, value: $1) }
  }
}

/// CRC-32 of the head of a file and of pieces all over it: tells apart most files that were changed
/// with their time kept.
private func checksumOfSamples(_ path: String) throws -> UInt {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    throw InputError.noInput("\(path): cannot be read (\(String(cString: strerror(errno))))")
  }
  defer { close(file) }
  let size = try FileIdentity(of: path).byteCount
  let (samples, length) = (64, 4096)
  var buffer = [UInt8](repeating: 0, count: length)
  var crc: UInt = 0
  for sample in 0..<samples {
    let offset = max(0, size - length) / (samples - 1) * sample
    let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, length, off_t(offset)) }
    guard count >= 0 else {
      throw InputError.badData("\(path): read failed (\(String(cString: strerror(errno))))")
    }
    crc = buffer.withUnsafeBytes { checksum(.init(rebasing: $0[..<count]), after: crc) }
  }
  return crc
}
