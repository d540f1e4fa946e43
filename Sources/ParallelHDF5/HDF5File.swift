// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import Foundation

/// A file that is open for reading through HDF5's POSIX driver.
///
/// Every rank opens it by itself: reads need no MPI, and the MPI-IO driver loses read errors.
package final class HDF5File {
  package let path: String
  let handle: HDF5Handle

  /// Opens an existing file; throws ``InputError`` if it is missing, unreadable, not HDF5,
  /// truncated or being written.
  package init(reading path: String) throws {
    self.path = path
    _ = try statusOfFile(path)
    guard access(path, R_OK) == 0 else {
      throw InputError.noInput("\(path): cannot be read (\(String(cString: strerror(errno))))")
    }
    let hasSignature = H5Fis_hdf5(path)
    guard hasSignature > 0 else {
      let error = HDF5Error.last("H5Fis_hdf5", path)
      if hasSignature < 0, error.isOfSystem { throw error }
      throw InputError.badData("\(path): not an HDF5 file (no HDF5 signature found)")
    }
    let access = try HDF5Handle(
      H5Pcreate(lplr_h5p_file_access()), "H5Pcreate", path, close: H5Pclose)
    // The sieve buffer reads 64 KiB for every short piece of a row.
    try check(H5Pset_sieve_buf_size(access.id, 0), "H5Pset_sieve_buf_size", path)
    let id = H5Fopen(path, lplr_h5f_acc_rdonly(), access.id)
    guard id >= 0 else { throw Self.explain(HDF5Error.last("H5Fopen", path)) }
    handle = try HDF5Handle(id, "H5Fopen", path, close: H5Fclose)
  }

  private static func explain(_ error: HDF5Error) -> any Error {
    let words = error.stack.joined(separator: ": ")
    if words.contains("file read failed") { return error }
    if words.contains("lock") || words.contains("already open for write") {
      return InputError.badData(
        "\(error.subject): is being written by another program, or its file system has no locks "
          + "(then set HDF5_USE_FILE_LOCKING=BEST_EFFORT): \(error.stack.last ?? "")")
    }
    return InputError.badData(
      "\(error.subject): cannot be opened as HDF5 (\(error.stack.last ?? words))")
  }

  /// The path of every dataset, in the order of names, not following links to other places.
  package func datasetPaths() throws -> [String] {
    var paths: [String] = []
    try withUnsafeMutablePointer(to: &paths) { paths in
      try check(
        H5Ovisit2(
          handle.id, H5_INDEX_NAME, H5_ITER_INC,
          { _, name, info, paths in
            if let name, info?.pointee.type == H5O_TYPE_DATASET {
              paths?.assumingMemoryBound(to: [String].self).pointee.append(
                "/" + String(cString: name))
            }
            return 0
          }, paths, UInt32(H5O_INFO_BASIC)),
        "H5Ovisit2", path)
    }
    return paths
  }

  /// Whether there is an object of this path.
  package func contains(_ object: String) -> Bool {
    var prefix = ""
    for part in object.split(separator: "/") {
      prefix += "/" + part
      guard H5Lexists(handle.id, prefix, lplr_h5_default()) > 0 else { return false }
    }
    return true
  }

  /// What HDF5 itself takes.
  private static let defaultCacheBytes = 1 << 20

  /// Opens a dataset for reading. `chunkCacheBytes` holds chunks that several reads share.
  package func dataset(_ object: String, chunkCacheBytes: Int? = nil) throws -> Dataset {
    let name = "\(path):\(object)"
    let access = try HDF5Handle(
      H5Pcreate(lplr_h5p_dataset_access()), "H5Pcreate", name, close: H5Pclose)
    if let chunkCacheBytes {
      // Slots well above the number of chunks, and chunks that were read in full leave first.
      try check(
        H5Pset_chunk_cache(access.id, 12_421, chunkCacheBytes, 1), "H5Pset_chunk_cache", name)
    }
    return try Dataset(
      H5Dopen2(handle.id, object, access.id), name: name,
      cacheBytes: chunkCacheBytes ?? Self.defaultCacheBytes)
  }

  /// The 2-D numeric datasets of the file, one line each: path, shape and type.
  package func listOfMatrices() throws -> [(path: String, text: String)] {
    try datasetPaths().compactMap { object in
      guard let dataset = try? dataset(object), dataset.shape.count == 2, try isNumeric(object)
      else { return nil }
      let shape = dataset.shape.map(String.init).joined(separator: " x ")
      return (object, "\(object) (\(shape), \(dataset.typeName))")
    }
  }

  func isNumeric(_ object: String) throws -> Bool {
    let name = "\(path):\(object)"
    let dataset = try HDF5Handle(
      H5Dopen2(handle.id, object, lplr_h5_default()), "H5Dopen2", name, close: H5Dclose)
    let type = try HDF5Handle(H5Dget_type(dataset.id), "H5Dget_type", name, close: H5Tclose)
    return ParallelHDF5.isNumeric(type.id)
  }
}
