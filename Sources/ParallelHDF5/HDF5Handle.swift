// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// An open identifier of HDF5 and how to close it. Local objects only: nothing here is collective.
final class HDF5Handle {
  let id: hid_t
  private let close: (hid_t) -> herr_t
  private var isOpen = true

  /// Takes over `id`; throws if it is invalid, so that an invalid id never reaches `deinit`.
  init(
    _ id: hid_t, _ call: String, _ subject: String, close: @escaping (hid_t) -> herr_t
  ) throws(HDF5Error) {
    guard id >= 0 else { throw HDF5Error.last(call, subject) }
    self.id = id
    self.close = close
  }

  /// Closes it now, and throws if that fails: a file that is written must not be left to `deinit`.
  func finish(_ call: String, _ subject: String) throws(HDF5Error) {
    isOpen = false
    try check(close(id), call, subject)
  }

  deinit { if isOpen { _ = close(id) } }
}

/// Throws unless the return code of a call is that of success.
func check(_ code: herr_t, _ call: String, _ subject: String) throws(HDF5Error) {
  guard code >= 0 else { throw HDF5Error.last(call, subject) }
}
