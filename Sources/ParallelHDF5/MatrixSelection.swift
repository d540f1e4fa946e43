// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

extension HDF5File {
  /// The path of the matrix to work on: `requested`, or the only 2-D numeric dataset of the file.
  ///
  /// Throws ``InputError`` if it is not there, is not a matrix of numbers with at least one row and
  /// one column, needs a filter that is not available, or is stored in other files.
  package func selectMatrix(_ requested: String?) throws -> String {
    let object = try requested.map { $0.hasPrefix("/") ? $0 : "/" + $0 } ?? onlyMatrix()
    try checkLinks(to: object)
    try checkIsDataset(object)
    let name = "\(path):\(object)"
    let dataset = try dataset(object)
    guard try isNumeric(object) else {
      throw InputError.badData(
        "\(name): elements are of type \(dataset.typeName), expected integers or floats")
    }
    guard dataset.shape.count == 2 else {
      throw InputError.badData(
        "\(name): has \(dataset.shape.count) dimensions (shape \(dataset.shape)), expected 2")
    }
    guard dataset.shape.allSatisfy({ $0 > 0 }) else {
      throw InputError.badData(
        "\(name): is \(dataset.shape[0]) x \(dataset.shape[1]), expected at least one row and one "
          + "column")
    }
    try checkSizes(of: dataset)
    try checkStorage(of: dataset)
    return object
  }

  private func onlyMatrix() throws -> String {
    let matrices = try listOfMatrices()
    guard let only = matrices.first else {
      throw InputError.badData("\(path): holds no 2-D numeric dataset")
    }
    guard matrices.count == 1 else {
      throw InputError.badData(
        "\(path): holds \(matrices.count) matrices, choose one with --dataset: "
          + matrices.map(\.text).joined(separator: ", "))
    }
    return only.path
  }

  /// Walks the path: a crafted file must not lead to other files of the user.
  private func checkLinks(to object: String) throws {
    var prefix = ""
    for part in object.split(separator: "/") {
      prefix += "/" + part
      var info = H5L_info_t()
      guard H5Lget_info(handle.id, prefix, &info, lplr_h5_default()) >= 0 else {
        H5Eclear2(lplr_h5_default())
        throw missing(object)
      }
      if info.type == H5L_TYPE_EXTERNAL {
        throw InputError.badData(
          "\(path):\(prefix): is a link into another file; name that file instead")
      }
      if info.type == H5L_TYPE_SOFT, H5Oexists_by_name(handle.id, prefix, lplr_h5_default()) <= 0 {
        H5Eclear2(lplr_h5_default())
        throw InputError.badData(
          "\(path):\(prefix): is a soft link that leads nowhere, or into another file")
      }
    }
  }

  private func checkIsDataset(_ object: String) throws {
    var info = H5O_info_t()
    guard
      H5Oget_info_by_name2(
        handle.id, object, &info, UInt32(H5O_INFO_BASIC), lplr_h5_default()) >= 0
    else { throw missing(object) }
    guard info.type == H5O_TYPE_DATASET else {
      let kind = info.type == H5O_TYPE_GROUP ? "a group" : "a named datatype"
      throw InputError.badData("\(path):\(object): is \(kind), expected a dataset; \(choices())")
    }
    // A soft link may lead over an external one, which the walk along its own path does not show.
    var root = H5O_info_t()
    try check(
      H5Oget_info_by_name2(handle.id, "/", &root, UInt32(H5O_INFO_BASIC), lplr_h5_default()),
      "H5Oget_info_by_name2", path)
    guard info.fileno == root.fileno else {
      throw InputError.badData(
        "\(path):\(object): is linked from another file; name that file instead")
    }
  }

  private func missing(_ object: String) -> InputError {
    .badData("\(path): has no dataset \(object); \(choices())")
  }

  private func choices() -> String {
    let matrices = (try? listOfMatrices()) ?? []
    return matrices.isEmpty
      ? "it holds no 2-D numeric dataset"
      : "its matrices: " + matrices.map(\.text).joined(separator: ", ")
  }

  /// The library believes sizes, and would read beyond its chunks.
  private func checkSizes(of dataset: Dataset) throws {
    let space = try HDF5Handle(
      H5Dget_space(dataset.handle.id), "H5Dget_space", dataset.name, close: H5Sclose)
    var (extents, most) = ([hsize_t](repeating: 0, count: 2), [hsize_t](repeating: 0, count: 2))
    try check(
      H5Sget_simple_extent_dims(space.id, &extents, &most), "H5Sget_simple_extent_dims",
      dataset.name)
    guard zip(extents, most).allSatisfy({ $0 <= $1 }), dataset.elementByteCount <= 16 else {
      throw InputError.badData(
        "\(dataset.name): is damaged: \(extents) elements of \(dataset.elementByteCount) bytes, "
          + "expected at most \(most) of 16")
    }
  }

  /// Throws ``InputError`` if the data is in other files, or coded by a filter that is not there.
  func checkStorage(of dataset: Dataset) throws {
    let name = dataset.name
    let creation = try HDF5Handle(
      H5Dget_create_plist(dataset.handle.id), "H5Dget_create_plist", name, close: H5Pclose)
    if H5Pget_layout(creation.id) == H5D_VIRTUAL {
      throw InputError.badData(
        "\(name): is a virtual dataset, whose data is in other files; copy it into one dataset")
    }
    if H5Pget_external_count(creation.id) > 0 {
      throw InputError.badData(
        "\(name): keeps its data in other files (external storage); copy it into one file")
    }
    for index in 0..<UInt32(max(0, H5Pget_nfilters(creation.id))) {
      var flags: UInt32 = 0
      var valueCount = 0
      var filterName = [CChar](repeating: 0, count: 256)
      let filter = H5Pget_filter2(
        creation.id, index, &flags, &valueCount, nil, filterName.count, &filterName, nil)
      guard H5Zfilter_avail(filter) > 0 else {
        H5Eclear2(lplr_h5_default())
        let bytes = filterName.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let words = String(decoding: bytes, as: UTF8.self)
        throw InputError.badData(
          "\(name): needs the HDF5 filter \(filter)\(words.isEmpty ? "" : " (\(words))"), which is "
            + "not available; name the directory of its plug-in in HDF5_PLUGIN_PATH, or repack the "
            + "dataset with h5repack")
      }
    }
  }
}
