// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// Sets the libraries up; to be called once, before anything else of this module.
package func prepareLibraries() {
  HDF5Library.prepare()
  BLAS.useOneThread()
  // A limit on the size of files is then an error of the write that meets it, not the end.
  signal(SIGXFSZ, SIG_IGN)
}
