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

  /// Overwrites the targets (rows x r) by the values of their codes, and returns the codes.
  ///
  /// About rows r^2 flops, all but rows r `group` of them in `sgemm`.
  func encode(_ targets: MatrixView<Float>) -> [UInt8] {
    let r = targets.columns
    let codes = Matrix<UInt16>(rows: targets.rows, columns: r, repeating: 0)
    // What the errors so far add to each target, and the errors of the group in hand.
    let shifts = Matrix<Float>(rows: targets.rows, columns: r, repeating: 0)
    let errors = Matrix<Float>(rows: targets.rows, columns: Self.group, repeating: 0)
    for upper in stride(from: r, to: 0, by: -Self.group) {
      let lower = max(0, upper - Self.group)
      encode(lower..<upper, of: targets, shifts, into: codes, errors)
      guard weights.rows > 0, lower > 0 else { continue }
      multiply(
        errors.view.block(rows: 0..<targets.rows, columns: 0..<upper - lower),
        weights.view.block(rows: lower..<upper, columns: 0..<lower),
        into: shifts.view.block(rows: 0..<targets.rows, columns: 0..<lower), alpha: -1, beta: 1)
    }
    return pack(codes)
  }

  private func encode(
    _ group: Range<Int>, of targets: MatrixView<Float>, _ shifts: borrowing Matrix<Float>,
    into codes: borrowing Matrix<UInt16>, _ errors: borrowing Matrix<Float>
  ) {
    let r = targets.columns
    guard let base = targets.base, let shift = shifts.elements.baseAddress,
      let number = codes.elements.baseAddress, let gap = errors.elements.baseAddress
    else { return }
    let feedback = weights.rows > 0 ? weights.elements.baseAddress : nil
    code.quantizers.withTables { tables in
      for row in 0..<targets.rows {
        let values = base + row * targets.stride
        let mine = gap + row * Self.group
        for component in group.reversed() {
          var target = values[component] + shift[row * r + component]
          if let feedback {
            for later in component + 1..<max(group.upperBound, component + 1) {
              target -= feedback[later * r + component] * mine[later - group.lowerBound]
            }
          }
          let (code, value) = tables.nearest(to: target, component: component)
          number[row * r + component] = code
          mine[component - group.lowerBound] = value - values[component]
          values[component] = value
        }
      }
    }
  }

  private func pack(_ codes: borrowing Matrix<UInt16>) -> [UInt8] {
    let rowBytes = code.packing.rowBytes
    var bytes = [UInt8](repeating: 0, count: codes.rows * rowBytes)
    bytes.withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for (index, row) in codes.view.storedRows.enumerated() {
        code.packing.pack(into: base + index * rowBytes) { Int(row[$0]) }
      }
    }
    return bytes
  }
}
