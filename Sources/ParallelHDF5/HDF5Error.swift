// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import MessagePassing
internal import Synchronization

/// A failed HDF5 call, with the file or dataset it was about and the library's own words.
package struct HDF5Error: JobError, CustomStringConvertible {
  /// The C function that failed.
  package let call: String
  /// The file, dataset or attribute it was called for.
  package let subject: String
  /// HDF5's error stack, outermost entry first, one sentence an entry.
  package let stack: [String]

  /// What the library refuses without a failing call of the system is in the file.
  package var exitStatus: Int32 { isOfSystem ? ExitStatus.inputOutput : ExitStatus.badData }
  package var description: String {
    let words = [stack.first, stack.count > 1 ? stack.last : nil].compactMap { $0 }
    return "\(subject): \(call) failed"
      + (words.isEmpty ? "" : " (\(words.joined(separator: ": ")))")
  }

  /// Whether a call of the system failed below the library, rather than the contents of the file.
  package var isOfSystem: Bool { stack.contains { $0.contains("errno = ") } }

  /// An error from the stack of the last call, which is cleared.
  static func last(_ call: String, _ subject: String) -> HDF5Error {
    var stack: [String] = []
    withUnsafeMutablePointer(to: &stack) { entries in
      _ = H5Ewalk2(
        lplr_h5_default(), H5E_WALK_DOWNWARD,
        { _, entry, entries in
          if let text = entry?.pointee.desc {
            entries?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: text))
          }
          return 0
        }, entries)
    }
    H5Eclear2(lplr_h5_default())
    return HDF5Error(call: call, subject: subject, stack: stack)
  }
}

/// How this program uses the library as a whole.
package enum HDF5Library {
  /// Must be called before any other call of HDF5: no closing of files at exit, where a rank would
  /// wait for the others, no printing of error stacks, and no way into other files by links.
  package static func prepare() {
    H5dont_atexit()
    H5open()
    H5Eset_auto2(lplr_h5_default(), nil, nil)
    H5Lunregister(H5L_TYPE_EXTERNAL)
  }

  /// Reads go through here: the library is not thread-safe, and a rank reads ahead in one thread
  /// while the other may look up factors. All other calls are made while no thread reads.
  static func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result {
    try reading.withLock { _ in try body() }
  }

  private static let reading = Mutex(())
}
