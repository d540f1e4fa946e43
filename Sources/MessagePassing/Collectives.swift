// SPDX-License-Identifier: Apache-2.0

internal import CMPI

extension Communicator {
  /// Waits until every rank is here (`MPI_Barrier`). Collective.
  package func barrier() throws(MPIError) {
    try MPIError.check(MPI_Barrier(handle), "MPI_Barrier")
  }

  /// Reduces element by element, the result on every rank (`MPI_Allreduce`). Collective.
  package func allReduce<Scalar: MPIScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, _ operation: ReduceOperation
  ) throws(MPIError) {
    try forEachPiece(buffer) { piece, count throws(MPIError) in
      try MPIError.check(
        MPI_Allreduce(
          lplr_mpi_in_place(), piece, count, Scalar.mpiType.datatype, operation.operation, handle),
        "MPI_Allreduce")
    }
  }

  /// Reduces an array element by element, the result on every rank. Collective.
  package func allReduce<Scalar: MPIScalar>(
    _ values: inout [Scalar], _ operation: ReduceOperation
  ) throws(MPIError) {
    try values.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try allReduce(buffer, operation)
    }
  }

  /// Reduces one number, the result on every rank. Collective.
  package func allReduce<Scalar: MPIScalar>(
    _ value: Scalar, _ operation: ReduceOperation
  ) throws(MPIError) -> Scalar {
    var values = [value]
    try allReduce(&values, operation)
    return values[0]
  }

  /// Reduces element by element, the result on `root`; elsewhere the buffer is left as it was
  /// (`MPI_Reduce`). Collective.
  package func reduce<Scalar: MPIScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, _ operation: ReduceOperation, to root: Int
  ) throws(MPIError) {
    try forEachPiece(buffer) { piece, count throws(MPIError) in
      try MPIError.check(
        MPI_Reduce(
          rank == root ? lplr_mpi_in_place() : UnsafeMutableRawPointer(piece),
          rank == root ? UnsafeMutableRawPointer(piece) : nil,
          count, Scalar.mpiType.datatype, operation.operation, Int32(root), handle),
        "MPI_Reduce")
    }
  }

  /// Copies `root`'s buffer to every rank (`MPI_Bcast`). Collective.
  package func broadcast<Scalar: MPIScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>, from root: Int
  ) throws(MPIError) {
    try forEachPiece(buffer) { piece, count throws(MPIError) in
      try MPIError.check(
        MPI_Bcast(piece, count, Scalar.mpiType.datatype, Int32(root), handle), "MPI_Bcast")
    }
  }

  /// Copies `root`'s array, whatever its length, to every rank. Collective.
  package func broadcast<Scalar: MPIScalar>(
    _ values: [Scalar], from root: Int, filler: Scalar
  ) throws(MPIError) -> [Scalar] {
    var length = [values.count]
    try length.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try broadcast(buffer, from: root)
    }
    var copy = rank == root ? values : [Scalar](repeating: filler, count: length[0])
    try copy.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      try broadcast(buffer, from: root)
    }
    return copy
  }

  /// The arrays of all ranks, one after the other in the order of ranks, on `root`; elsewhere
  /// empty (`MPI_Gatherv`). For small tables, below 2^31 elements in all. Collective.
  package func gather<Scalar: MPIScalar>(
    _ values: [Scalar], to root: Int = 0, filler: Scalar
  ) throws(MPIError) -> [Scalar] {
    var counts = [Int32](repeating: 0, count: size)
    var count = Int32(values.count)
    try MPIError.check(
      MPI_Gather(
        &count, 4, lplr_mpi_byte(), &counts, 4, lplr_mpi_byte(), Int32(root), handle),
      "MPI_Gather")
    var starts = [Int32](repeating: 0, count: size)
    for other in 1..<Swift.max(size, 1) { starts[other] = starts[other - 1] + counts[other - 1] }
    let total = rank == root ? Int(starts[size - 1] + counts[size - 1]) : 0
    var all = [Scalar](repeating: filler, count: total)
    var mine = values
    let code = mine.withUnsafeMutableBytes { mine in
      all.withUnsafeMutableBytes { everyone in
        MPI_Gatherv(
          mine.baseAddress, count, Scalar.mpiType.datatype, everyone.baseAddress, counts, starts,
          Scalar.mpiType.datatype, Int32(root), handle)
      }
    }
    try MPIError.check(code, "MPI_Gatherv")
    return all
  }
}
