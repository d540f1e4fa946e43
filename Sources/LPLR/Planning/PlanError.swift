// SPDX-License-Identifier: Apache-2.0

internal import MessagePassing

/// A request that cannot be met, with the numbers that say why.
package struct PlanError: JobError, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  package var exitStatus: Int32 { ExitStatus.usage }
}
