// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import Foundation

/// Tells the system which bytes of a file will be wanted soon (`posix_fadvise`), so that a disk is not
/// waited for row by row. A hint: what it does not know, or what fails, changes nothing.
struct ReadAhead {
  /// HDF5's own file.
  private let file: Int32
  private let place: Place

  private enum Place {
    /// The address of the first element.
    case contiguous(Int, elementBytes: Int, columns: Int)
    case chunks(HDF5Handle, extent: [Int])
  }

  /// Nil for storage that has no place in one file.
  init?(_ dataset: HDF5Handle, shape: [Int], chunk: [Int]?, elementBytes: Int) {
    guard shape.count == 2, let file = Self.file(of: dataset) else { return nil }
    self.file = file
    if let chunk {
      let count = zip(shape, chunk).reduce(1.0) { $0 * (Double($1.0) / Double($1.1)).rounded(.up) }
      guard count <= Self.mostChunks else { return nil }
      place = .chunks(dataset, extent: chunk)
    } else {
      let address = H5Dget_offset(dataset.id)
      guard address != lplr_h5_undefined_address() else { return nil }
      place = .contiguous(
        Int(truncatingIfNeeded: address), elementBytes: elementBytes, columns: shape[1])
    }
  }

  /// HDF5 1.10 finds the address of a chunk by going through all of them: .2 s for 4096.
  private static let mostChunks = 4096.0

  private static func file(of dataset: HDF5Handle) -> Int32? {
    let id = H5Iget_file_id(dataset.id)
    guard id >= 0 else { return nil }
    defer { H5Fclose(id) }
    var handle: UnsafeMutableRawPointer?
    // The POSIX driver hands out a pointer to its file descriptor.
    guard H5Fget_vfd_handle(id, lplr_h5_default(), &handle) >= 0 else { return nil }
    return handle?.load(as: Int32.self)
  }

  /// Says that a rectangle will be read.
  func expect(rows: Range<Int>, columns: Range<Int>) {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    switch place {
    case .contiguous(let start, let elementBytes, let width):
      // A damaged file may say anything; a wrong hint does no harm.
      func bytes(_ row: Int, _ column: Int) -> Int {
        start &+ (row &* width &+ column) &* elementBytes
      }
      if columns.count == width {
        expect(from: bytes(rows.lowerBound, 0), to: bytes(rows.upperBound, 0))
      } else {
        for row in rows {
          expect(from: bytes(row, columns.lowerBound), to: bytes(row, columns.upperBound))
        }
      }
    case .chunks(let dataset, let extent):
      for row in rows.lowerBound / extent[0]...(rows.upperBound - 1) / extent[0] {
        for column in columns.lowerBound / extent[1]...(columns.upperBound - 1) / extent[1] {
          let offset = [hsize_t(row * extent[0]), hsize_t(column * extent[1])]
          var (mask, address, size) = (UInt32(0), haddr_t(0), hsize_t(0))
          guard H5Dget_chunk_info_by_coord(dataset.id, offset, &mask, &address, &size) >= 0,
            address != lplr_h5_undefined_address(), size > 0
          else { continue }
          let start = Int(truncatingIfNeeded: address)
          expect(from: start, to: start &+ Int(truncatingIfNeeded: size))
        }
      }
    }
  }

  private func expect(from start: Int, to end: Int) {
    posix_fadvise(file, off_t(start), off_t(end &- start), Int32(POSIX_FADV_WILLNEED))
  }
}
