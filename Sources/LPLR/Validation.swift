// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

/// Looks at an input file without working on it, so that a process of its own can do it first: the
/// HDF5 library does not survive all that a damaged or crafted file can contain.
package enum Validation {
  /// Opens a file and a matrix in it as `compress` does, and reads its corners.
  package static func checkMatrix(_ path: String, dataset: String?) throws {
    let file = try HDF5File(reading: path)
    try file.dataset(try file.selectMatrix(dataset)).readCorners()
  }

  /// Opens a factor file as `decompress` does, and returns the path of its matrix.
  package static func checkFactors(_ path: String) throws -> String {
    try FactorReader(path: path).group
  }
}
