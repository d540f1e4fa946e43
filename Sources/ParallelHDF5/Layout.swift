// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import Foundation

/// Makes an existing file an HDF5 file without contents.
func createEmptyFile(_ temporary: String, of path: String) throws {
  let access = try accessForWriting(path)
  let handle = try HDF5Handle(
    H5Fcreate(temporary, lplr_h5f_acc_trunc(), lplr_h5_default(), access.id), "H5Fcreate", path,
    close: H5Fclose)
  try handle.finish("H5Fclose", path)
}

/// Creates datasets in a file and returns the address of each one's first byte. The file then ends
/// with the last of them: what was reserved beyond is free again.
func createDatasets(_ planned: [PlannedDataset], in temporary: String, of path: String) throws
  -> [Int]
{
  let handle = try openForWriting(temporary, of: path)
  let links = try HDF5Handle(
    H5Pcreate(lplr_h5p_link_create()), "H5Pcreate", path, close: H5Pclose)
  try check(
    H5Pset_create_intermediate_group(links.id, 1), "H5Pset_create_intermediate_group", path)
  let addresses = try planned.map { try create($0, in: handle, links, path) }
  try check(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "H5Fflush", path)
  try handle.finish("H5Fclose", path)
  return addresses
}

func openForWriting(_ temporary: String, of path: String) throws(HDF5Error) -> HDF5Handle {
  let access = try accessForWriting(path)
  return try HDF5Handle(
    H5Fopen(temporary, lplr_h5f_acc_rdwr(), access.id), "H5Fopen", path, close: H5Fclose)
}

/// Metadata with checksums (`libver` V110), and large datasets on page boundaries.
private func accessForWriting(_ path: String) throws(HDF5Error) -> HDF5Handle {
  let access = try HDF5Handle(
    H5Pcreate(lplr_h5p_file_access()), "H5Pcreate", path, close: H5Pclose)
  try check(
    H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), "H5Pset_libver_bounds",
    path)
  try check(H5Pset_alignment(access.id, 1 << 16, 4096), "H5Pset_alignment", path)
  return access
}

private func create(
  _ planned: PlannedDataset, in file: HDF5Handle, _ links: HDF5Handle, _ name: String
) throws -> Int {
  let subject = "\(name):\(planned.path)"
  let extent = [hsize_t(planned.rows), hsize_t(planned.columns)]
  let space = try HDF5Handle(
    H5Screate_simple(2, extent, nil), "H5Screate_simple", subject, close: H5Sclose)
  let creation = try HDF5Handle(
    H5Pcreate(lplr_h5p_dataset_create()), "H5Pcreate", subject, close: H5Pclose)
  try check(
    H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time", subject)
  try check(H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time", subject)
  if let chunk = planned.chunk {
    try check(
      H5Pset_chunk(creation.id, 2, [hsize_t(chunk.rows), hsize_t(chunk.columns)]),
      "H5Pset_chunk", subject)
  }
  let type = try planned.type.makeFileType()
  let dataset = try HDF5Handle(
    H5Dcreate2(
      file.id, planned.path, type.id, space.id, links.id, creation.id, lplr_h5_default()),
    "H5Dcreate2", subject, close: H5Dclose)
  guard planned.byteCount > 0 else { return 0 }
  guard let chunk = planned.chunk else {
    let address = H5Dget_offset(dataset.id)
    guard address != lplr_h5_undefined_address() else {
      throw HDF5Error.last("H5Dget_offset", subject)
    }
    return Int(address)
  }
  let first = try address(ofChunk: (0, 0), planned, dataset, subject)
  let last = try address(
    ofChunk: (planned.chunkCounts.rows - 1, planned.chunkCounts.columns - 1), planned, dataset,
    subject)
  // Early allocation without filters lays chunks one behind the other; all writes rely on it.
  let chunkBytes = chunk.rows * chunk.columns * planned.type.byteCount
  guard last - first == planned.byteCount - chunkBytes else {
    throw HDF5Error(
      call: "H5Dget_chunk_info_by_coord", subject: subject,
      stack: ["chunks are not contiguous in the file"])
  }
  return first
}

private func address(
  ofChunk chunk: (Int, Int), _ planned: PlannedDataset, _ dataset: HDF5Handle, _ subject: String
) throws -> Int {
  let shape = planned.chunk ?? (planned.rows, planned.columns)
  var offset = [hsize_t(chunk.0 * shape.rows), hsize_t(chunk.1 * shape.columns)]
  var filters: UInt32 = 0
  var address: haddr_t = 0
  var size: hsize_t = 0
  try check(
    H5Dget_chunk_info_by_coord(dataset.id, &offset, &filters, &address, &size),
    "H5Dget_chunk_info_by_coord", subject)
  return Int(address)
}
