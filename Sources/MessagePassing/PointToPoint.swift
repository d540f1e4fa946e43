// SPDX-License-Identifier: Apache-2.0

internal import CMPI

extension Communicator {
  /// Sends a buffer to another rank, which must ``receive(_:from:tag:)`` as many elements.
  package func send<Scalar: MPIScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, to other: Int, tag: Int
  ) throws(MPIError) {
    try forEachPiece(buffer) { piece, count throws(MPIError) in
      try MPIError.check(
        MPI_Send(piece, count, Scalar.mpiType.datatype, Int32(other), Int32(tag), handle),
        "MPI_Send")
    }
  }

  /// Fills a buffer with what another rank sends.
  package func receive<Scalar: MPIScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, from other: Int, tag: Int
  ) throws(MPIError) {
    try forEachPiece(buffer) { piece, count throws(MPIError) in
      try MPIError.check(
        MPI_Recv(
          piece, count, Scalar.mpiType.datatype, Int32(other), Int32(tag), handle,
          lplr_mpi_status_ignore()),
        "MPI_Recv")
    }
  }
}
