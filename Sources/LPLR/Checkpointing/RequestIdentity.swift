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
    // More than those of every job: a file may have been changed with its time kept.
    let samples = try FileIdentity.sampledChecksum(
      of: input.path, byteCount: file.byteCount, samples: 64)
    let traits: [(String, String)] = [
      ("the program", FactorFormat.creator), ("the BLAS kernels", BLAS.coreName),
      ("the dataset", input.datasetPath),
      ("the shape", "\(input.dataset.shape[0]) x \(input.dataset.shape[1])"),
      ("the size of the input", "\(file.byteCount) bytes"),
      (
        "the time of the input's last change", "\(file.modifiedSeconds).\(file.modifiedNanoseconds)"
      ),
      ("the checksum of samples of the input", String(samples, radix: 16)),
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
