// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The factors depend on the values, not on type, layout, filters or place.
@Suite struct InputTests {
  @Test func everyTypeAndStorageGivesTheFactorsOfFloat32() throws {
    let folder = try TemporaryFolder()
    let table = try Command.python("storage_variants", [folder.path.path])
    var byReference: [String: [String]] = [:]
    for (index, line) in table.split(separator: "\n").enumerated() {
      let fields = line.split(separator: "\t").map(String.init)
      let (input, dataset, reference) = (fields[0], fields[1], fields[2])
      let options = "--rank 12 --bits 4 --block-axis \(index % 2 == 0 ? "columns" : "rows")"
      let key = "\(reference) \(options)"
      if byReference[key] == nil {
        byReference[key] = [try Command.compress(reference, options, as: "\(index)")]
      }
      let target = input + ".lplr.h5"
      // The dataset is found without its name.
      let finished = try Command.run(
        ["compress", input, "--output", target] + Command.words(options),
        ranks: index % 4 == 0 ? 2 : 1)
      guard finished.status == 0 else {
        Issue.record("\(input): \(finished.account)")
        continue
      }
      byReference[key]?.append(target)
      let group = try Command.info(target)["dataset"] as? String
      #expect(group == dataset)
    }
    #expect(byReference.values.joined().count > 30)
    for files in byReference.values { try Command.python("same_factors", files) }
  }

  @Test func autoTakesRowsForContiguousStorage() throws {
    let folder = try TemporaryFolder()
    let spectrum = "--shape 600x500 --spectrum exponential:10"
    let contiguous = try Command.generate(folder, spectrum)
    let high = try Command.generate(folder, spectrum + " --chunk 600x10", as: "high.h5")
    for (input, axis) in [(contiguous, "rows"), (high, "columns")] {
      let file = try Command.compress(input, "--rank 5 --bits 4 --block-axis auto", as: "auto")
      #expect(try Command.info(file)["block_axis"] as? String == axis)
      let named = try Command.compress(input, "--rank 5 --bits 4 --block-axis \(axis)", as: axis)
      try Command.python("same_factors", [file, named])
    }
  }

  @Test func aDatasetOfManyIsChosenByName() throws {
    let folder = try TemporaryFolder()
    let input = folder.url("several.h5").path
    try FileManager.default.copyItem(
      atPath: try Command.badInputs().path + "/several.h5", toPath: input)
    for name in ["/one", "deep/two"] {
      let file = try Command.compress(input, "--dataset \(name) --rank 2 --bits 3")
      let expected = name.hasPrefix("/") ? name : "/" + name
      #expect(try Command.info(file)["dataset"] as? String == expected)
    }
  }
}
