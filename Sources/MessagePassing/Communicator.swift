// SPDX-License-Identifier: Apache-2.0

internal import CMPI

/// A group of ranks that communicate with one another (MPI standard, chapter 7).
///
/// A value that names a communicator; it does not own it. All methods marked *collective* must be
/// called by every rank of the group in the same order.
package struct Communicator {
  let handle: MPI_Comm
  /// This rank's number, from 0.
  package let rank: Int
  /// The number of ranks.
  package let size: Int

  /// The handle as an integer, by which other libraries know it (`MPI_Comm_c2f`).
  package var fortranHandle: Int32 { MPI_Comm_c2f(handle) }

  /// True on the rank that does what must be done once.
  package var isRoot: Bool { rank == 0 }

  /// A duplicate of `MPI_COMM_WORLD` that reports errors by return codes. Collective.
  package static func world() throws(MPIError) -> Communicator {
    var handle: MPI_Comm?
    try MPIError.check(MPI_Comm_dup(lplr_mpi_comm_world(), &handle), "MPI_Comm_dup")
    return try Communicator(handle)
  }

  /// The ranks that share this rank's memory, one group a node (`MPI_Comm_split_type`). Collective.
  package func ranksOfThisNode() throws(MPIError) -> Communicator {
    var node: MPI_Comm?
    try MPIError.check(
      MPI_Comm_split_type(
        handle, lplr_mpi_comm_type_shared(), Int32(rank), lplr_mpi_info_null(), &node),
      "MPI_Comm_split_type")
    return try Communicator(node)
  }

  private init(_ handle: MPI_Comm?) throws(MPIError) {
    guard let handle else {
      throw MPIError(call: "MPI_Comm_dup", code: -1, text: "no communicator was made")
    }
    try MPIError.check(
      MPI_Comm_set_errhandler(handle, lplr_mpi_errors_return()), "MPI_Comm_set_errhandler")
    var rank: Int32 = 0
    var size: Int32 = 0
    try MPIError.check(MPI_Comm_rank(handle, &rank), "MPI_Comm_rank")
    try MPIError.check(MPI_Comm_size(handle, &size), "MPI_Comm_size")
    self.handle = handle
    self.rank = Int(rank)
    self.size = Int(size)
  }
}
