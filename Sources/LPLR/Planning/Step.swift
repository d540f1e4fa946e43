// SPDX-License-Identifier: Apache-2.0

/// What one step of a compression does, on the rank that has most to do.
package struct Step: Sendable {
  package let name: String
  /// Bytes of A from the file.
  package internal(set) var bytesRead = 0.0
  /// Elements of A that pass through the sparse sketch, at ``SparseSketch/copies`` additions each.
  package internal(set) var sketched = 0.0
  /// Elements of A that pass through a product, and its flops in single precision.
  package internal(set) var multiplied = 0.0
  package internal(set) var flops = 0.0
  /// Flops in double precision: products; QR.
  package internal(set) var doubleFlops = 0.0
  package internal(set) var qrFlops = 0.0
  /// Terms of sums that do not depend on their order.
  package internal(set) var summed = 0.0
  /// Elements that are quantized.
  package internal(set) var quantized = 0.0
  /// Bytes copied or converted in memory.
  package internal(set) var moved = 0.0
  /// Bytes of memory that is used for the first time, which the system has to clear: for A that is
  /// kept, by the thread that reads; for the arrays of the computation.
  package internal(set) var kept = 0.0
  package internal(set) var touched = 0.0
  /// Components whose scale is searched for.
  package internal(set) var fitted = 0.0
  /// Bytes of sums that are written for the next checkpoint.
  package internal(set) var saved = 0.0
  /// Done by the root while the others wait: n^3 of an SVD, n^3 of an eigenvalue problem, components
  /// whose bits are searched, flops of triangular solves.
  package internal(set) var rootSingular = 0.0
  package internal(set) var rootEigen = 0.0
  package internal(set) var rootAllocated = 0.0
  package internal(set) var rootFlops = 0.0
  /// Bytes that a rank sends or receives in collective calls, and how many calls there are.
  package internal(set) var bytesSent = 0.0
  package internal(set) var messages = 0.0
  package internal(set) var bytesWritten = 0.0

  init(_ name: String) { self.name = name }
}
