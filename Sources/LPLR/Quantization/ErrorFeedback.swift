// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra

/// Quantization of the rows of a factor when the error is measured in the metric of the other one,
///
///     min over codes of  sum over rows  e^T G e,   e = value - target,   G = L L^T.
///
/// As e^T G e = sum_k L_kk^2 (e_k + sum_{l > k} L_lk / L_kk e_l)^2, components are coded from the
/// last to the first, each against its target minus what the errors of those behind it add up to:
/// successive cancellation, as in the LDLQ rounding of Chee et al., "QuIP" (NeurIPS 2023).
struct ErrorFeedback: ~Copyable {
  let code: FactorCode
  /// F_lk = L_lk / L_kk for l > k, zeros elsewhere (r x r); 0 x 0 for independent components.
  let weights: Matrix<Float>

  /// Components that are coded before their errors are handed on by one product.
  private static let group = 32

  /// Overwrites the targets (r x rows: one component after the other) by the values of their codes,
  /// and returns the codes, row by row.
  ///
  /// About rows r^2 flops, all but rows r `group` of them in `sgemm`.
  func encode(_ targets: borrowing Matrix<Float>) -> [UInt8] {
    let (r, rows) = (targets.rows, targets.columns)
    let codes = Matrix<UInt16>(rows: r, columns: rows, repeating: 0)
    // What the errors so far add to each target, and the errors of the group in hand.
    let shifts = Matrix<Float>(rows: r, columns: rows, repeating: 0)
    let errors = Matrix<Float>(rows: Self.group, columns: rows, repeating: 0)
    for upper in stride(from: r, to: 0, by: -Self.group) {
      let lower = max(0, upper - Self.group)
      encode(lower..<upper, of: targets, shifts, into: codes, errors)
      guard weights.rows > 0, lower > 0 else { continue }
      multiply(
        weights.view.block(rows: lower..<upper, columns: 0..<lower).transposed,
        errors.rows(0..<upper - lower), into: shifts.rows(0..<lower), alpha: -1, beta: 1)
    }
    return pack(codes)
  }

  private func encode(
    _ group: Range<Int>, of targets: borrowing Matrix<Float>, _ shifts: borrowing Matrix<Float>,
    into codes: borrowing Matrix<UInt16>, _ errors: borrowing Matrix<Float>
  ) {
    let rows = targets.columns
    guard rows > 0, let values = targets.elements.baseAddress,
      let shifts = shifts.elements.baseAddress, let numbers = codes.elements.baseAddress,
      let errors = errors.elements.baseAddress
    else { return }
    code.quantizers.withTables { tables in
      for component in group.reversed() {
        let shift = shifts + component * rows
        if weights.rows > 0 {
          for later in component + 1..<max(group.upperBound, component + 1) {
            let gap = errors + (later - group.lowerBound) * rows
            let weight = weights[later, component]
            for row in 0..<rows { shift[row] -= weight * gap[row] }
          }
        }
        let value = values + component * rows
        let number = numbers + component * rows
        let error = errors + (component - group.lowerBound) * rows
        for row in 0..<rows {
          let (code, nearest) = tables.nearest(
            to: value[row] + shift[row], component: component)
          number[row] = code
          error[row] = nearest - value[row]
          value[row] = nearest
        }
      }
    }
  }

  private func pack(_ codes: borrowing Matrix<UInt16>) -> [UInt8] {
    let rowBytes = code.packing.rowBytes
    let rows = codes.columns
    var bytes = [UInt8](repeating: 0, count: rows * rowBytes)
    bytes.withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for row in 0..<rows {
        code.packing.pack(into: base + row * rowBytes) { Int(codes[$0, row]) }
      }
    }
    return bytes
  }
}
