// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

/// The names in a factor file, version 1, which writer and reader share (see the article on the
/// file format).
enum FactorFormat {
  static let name = "lplr"
  static let version = 1
  static let creator = "lplr-dist \(Version.current)"

  static func sharedCodebook(_ bits: Int) -> String { "/codebook_\(bits)" }

  /// Throws if a group of this name would be in the way of a codebook.
  static func check(group: String, of path: String) throws {
    guard !group.hasPrefix(sharedCodebook(0).dropLast()) else {
      throw InputError.badData(
        "\(path):\(group): names at the root that begin with codebook_ are taken in a factor file; "
          + "copy the dataset to another name")
    }
  }

  static func singularValues(_ group: String) -> String { "\(group)/singular_values" }
  static func prefixErrors(_ group: String) -> String { "\(group)/prefix_error" }

  /// One side of the group of a matrix.
  enum Side: String {
    case left, right

    func codes(_ group: String) -> String { "\(group)/\(rawValue)/codes" }
    func bits(_ group: String) -> String { "\(group)/\(rawValue)/bits" }
    func scale(_ group: String) -> String { "\(group)/\(rawValue)/scale" }
    func codebook(_ group: String, _ bits: Int) -> String {
      "\(group)/\(rawValue)/codebook_\(bits)"
    }
  }
}

/// The version of the program.
package enum Version {
  package static let current = "0.1.0"
}
