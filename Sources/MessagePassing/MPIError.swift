// SPDX-License-Identifier: Apache-2.0

internal import CMPI

/// A failed MPI call, with the library's own words.
package struct MPIError: JobError, CustomStringConvertible {
  /// The C function that failed.
  package let call: String
  /// Its return code.
  package let code: Int32
  /// What `MPI_Error_string` says of the code.
  package let text: String

  package var exitStatus: Int32 { ExitStatus.internalError }
  package var description: String { "\(call) failed with code \(code): \(text)" }

  /// Throws unless `code` is `MPI_SUCCESS`.
  static func check(_ code: Int32, _ call: String) throws(MPIError) {
    guard code != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    let bytes = text.prefix(Int(length)).map { UInt8(bitPattern: $0) }
    throw MPIError(call: call, code: code, text: String(decoding: bytes, as: UTF8.self))
  }
}
