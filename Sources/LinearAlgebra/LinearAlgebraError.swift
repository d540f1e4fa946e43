// SPDX-License-Identifier: Apache-2.0

internal import MessagePassing

/// A LAPACK routine that did not succeed.
package struct LinearAlgebraError: JobError, CustomStringConvertible {
  /// The routine's standard name.
  package let routine: String
  /// LAPACK's `info`.
  package let info: Int
  /// The shape of its operand.
  package let shape: (rows: Int, columns: Int)

  package var exitStatus: Int32 { ExitStatus.internalError }
  package var description: String {
    "\(routine) of a \(shape.rows) x \(shape.columns) matrix failed with info \(info)"
  }

  static func check(_ info: Int32, _ routine: String, rows: Int, columns: Int)
    throws(LinearAlgebraError)
  {
    guard info == 0 else {
      throw LinearAlgebraError(routine: routine, info: Int(info), shape: (rows, columns))
    }
  }
}

/// The only way from `Int` to the 32-bit integers of BLAS and LAPACK: traps instead of wrapping,
/// with the routine's name. Every dimension that reaches it is bounded by the plan's tiles.
func blasInt(_ value: Int, _ routine: StaticString) -> Int32 {
  guard let narrow = Int32(exactly: value) else {
    preconditionFailure("\(routine): dimension \(value) does not fit into 32 bits")
  }
  return narrow
}
