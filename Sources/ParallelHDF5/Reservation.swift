// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Foundation

/// Makes sure that the first bytes of a file have their place on the disk; what is in them stays.
///
/// Throws ``OutputError`` with the bytes needed and free. File systems that cannot reserve are only
/// asked what is free: writing zeros instead, as `posix_fallocate` does there, takes as long as
/// writing the file.
func reserve(_ byteCount: Int, in temporary: String, of path: String) throws {
  guard byteCount > 0 else { return }
  let file = open(temporary, O_RDWR | O_CLOEXEC)
  guard file >= 0 else { throw OutputError.system("open", path) }
  defer { close(file) }
  var code: Int32
  repeat {
    code = fallocate(file, 0, 0, off_t(byteCount)) == 0 ? 0 : errno
  } while code == EINTR
  var space = statvfs()
  let free = fstatvfs(file, &space) == 0 ? Int(space.f_bavail) * Int(space.f_frsize) : -1
  if code == EOPNOTSUPP || code == ENOSYS {
    var status = stat()
    let allocated = fstat(file, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    code = free >= 0 && free + allocated < byteCount ? ENOSPC : 0
  }
  guard code == 0 else {
    throw OutputError.failed(
      "\(path): cannot reserve \(byteCount) bytes, \(free) are free "
        + "(\(String(cString: strerror(code))))")
  }
}
