// SPDX-License-Identifier: Apache-2.0

internal import CMPI

/// A number that MPI can send and reduce.
package protocol MPIScalar: BitwiseCopyable {
  /// Which of MPI's own types this is.
  static var mpiType: MPIType { get }
}

/// The types of MPI that this program sends.
package enum MPIType {
  case float, double, int64, byte

  var datatype: MPI_Datatype {
    switch self {
    case .float: lplr_mpi_float()
    case .double: lplr_mpi_double()
    case .int64: lplr_mpi_int64()
    case .byte: lplr_mpi_byte()
    }
  }
}

extension Float: MPIScalar { package static var mpiType: MPIType { .float } }
extension Double: MPIScalar { package static var mpiType: MPIType { .double } }
extension Int64: MPIScalar { package static var mpiType: MPIType { .int64 } }
extension Int: MPIScalar { package static var mpiType: MPIType { .int64 } }
extension UInt8: MPIScalar { package static var mpiType: MPIType { .byte } }

/// What a reduction does with the numbers of the ranks.
package enum ReduceOperation {
  case sum, min, max

  var operation: MPI_Op {
    switch self {
    case .sum: lplr_mpi_sum()
    case .min: lplr_mpi_min()
    case .max: lplr_mpi_max()
    }
  }
}

/// Counts in MPI-3 are 32-bit, and transfers are kept at 1 GiB or less: longer buffers go in pieces.
func forEachPiece<Scalar: MPIScalar>(
  _ buffer: UnsafeMutableBufferPointer<Scalar>,
  _ body: (UnsafeMutablePointer<Scalar>, Int32) throws(MPIError) -> Void
) throws(MPIError) {
  guard let base = buffer.baseAddress else { return }
  let most = (1 << 30) / MemoryLayout<Scalar>.stride
  var start = 0
  while start < buffer.count {
    let count = Swift.min(most, buffer.count - start)
    try body(base + start, Int32(count))
    start += count
  }
}
