// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What is damaged in a factor file is found, or does no harm.
@Suite struct IntegrityTests {
  @Test func aByteThatFlipsIsFoundOrHarmless() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 90x70 --spectrum exponential:5 --noise 0.05")
    let factors = try Command.compress(input, "--bits-per-entry 4", ranks: 2)
    try Command.python(
      "flip_bytes", [try Command.path(), factors, folder.path.path, "20", "1"])
  }

  /// A file with several blocks of codes on either side, for the matrix in the folder.
  static func blocks(in folder: TemporaryFolder) throws -> String {
    let input = try Command.generate(folder, "--shape 1500x1100 --spectrum exponential:10")
    return try Command.once("blocks.lplr.h5") {
      try FileManager.default.moveItem(
        atPath: try Command.compress(
          input, "--basis sketch --rank 200 --bits 8 --quantizer minmax", ranks: 3), toPath: $0)
    }
  }

  @Test func checksumsAreThoseOfZlib() throws {
    let folder = try TemporaryFolder()
    let blocks = try Command.numbers("check_checksums", [try Self.blocks(in: folder)])
    // 327 rows of 200 bytes in a block.
    #expect(blocks == [5 + 4])
  }

  @Test func aDamagedDatasetIsNamed() throws {
    let folder = try TemporaryFolder()
    let input = try Command.generate(folder, "--shape 90x70 --spectrum exponential:5")
    let factors = try Command.compress(input, "--rank 9 --bits 4")
    let damaged = folder.url("damaged.lplr.h5").path
    for dataset in [
      "left/bits", "left/scale", "right/bits", "right/scale", "/codebook_4", "singular_values",
      "prefix_error", "left/codes_crc32", "right/codes_crc32", "left/codes", "right/codes",
    ] {
      try Command.python("damage", [factors, damaged, "flip \(dataset)"])
      let isCodes = dataset.hasSuffix("/codes")
      let finished = try Command.run(["info", damaged] + (isCodes ? ["--check"] : []))
      #expect(finished.status == 65, "\(dataset): \(finished.account)")
      #expect(finished.errors.contains(dataset) && finished.errors.contains("checksum"))
      if isCodes { try Command.succeed(["info", damaged]) }
    }
    let text = try Command.succeed(["info", factors, "--check"])
    #expect(text.contains("checksums       all match"))
  }

  @Test(arguments: [1, 3]) func aPartIsReadWithoutTheRest(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let factors = try Self.blocks(in: folder)
    let damaged = folder.url("damaged.lplr.h5").path
    // The last row of `left` is damaged, which the first ones do not need.
    try Command.python("damage", [factors, damaged, "flip left/codes"])
    let parts = try [factors, damaged].map { source in
      let target = folder.url("part of \((source as NSString).lastPathComponent)").path
      try Command.succeed(
        ["decompress", source, "-o", target, "-q", "--rows", "0:8"], ranks: ranks)
      return target
    }
    try Command.python("same_matrix", parts)
    for rows in ["0:1500", "1499:1500", "1308:1309"] {
      let finished = try Command.run(
        ["decompress", damaged, "-o", folder.url("no.h5").path, "--rows", rows], ranks: ranks)
      #expect(finished.status == 65, "\(finished.account)")
      #expect(finished.errors.contains("left/codes: rows 1308 to 1499 do not have the checksum"))
    }
    try expectRefusal(["verify", damaged, folder.url("a.h5").path], ranks: ranks)
  }

  private func expectRefusal(_ arguments: [String], ranks: Int) throws {
    let finished = try Command.run(arguments, ranks: ranks)
    #expect(finished.status == 65, "\(finished.account)")
    #expect(finished.errors.matches(of: #/lplr-dist: /#).count == 1)
  }
}
