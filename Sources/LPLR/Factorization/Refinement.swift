// SPDX-License-Identifier: Apache-2.0

internal import LinearAlgebra
internal import MessagePassing

/// Quantizes both factors of A_m = X_L X_R^T so that the error of their product is small, without a
/// further read of A.
///
/// One factor is solved against the quantized other one and quantized with error feedback in the
/// metric of that one, in turn (as in CALDERA: Saha, Sagan, Srivastava, Goldsmith, Pilanci, NeurIPS
/// 2024, section 4.2; deviations: bits by component, scales from the predicted variance, and the
/// solution is moved beyond the last iterate by a share that decays). The best pair is kept.
///
/// All that crosses ranks is a Gram matrix and a cross product of at most k x r numbers a half step;
/// both are sums in fixed point, so codes are the same for any number of ranks.
struct Refinement {
  let world: Communicator
  /// The row grids of the two factors.
  let leftGrid: BlockPartition
  let rightGrid: BlockPartition
  let allocation: BitAllocation
  let checkpoint: Checkpoint
  var rounds = Refinement.mostRounds

  static let mostRounds = 8

  /// Measured: larger shares slow the first rounds down, smaller ones the last (see the article on
  /// the algorithm).
  private static let overrelaxation = 0.3
  /// A round that lowers the squared error of the whole by less than this part is the last one, if codes
  /// have less than ``minor`` of it. Otherwise all rounds are gone through: the solution is moved beyond
  /// the last iterate by less and less, and the error may rise at first and fall at the end.
  private static let worthwhile = 5e-4
  private static let minor = 0.03
  /// Keeps the Cholesky factorization of nearly dependent components finite.
  private static let ridge = 1e-7
  /// Of the bound of a sum in fixed point: its rounding, over some thousand blocks.
  private static let resolution = 0x1p-56

  /// A factor in codes, with what the other side needs of it.
  private struct Side {
    let factor: QuantizedFactor
    /// F^T F (r x r), and what rounding may have added to its elements.
    let gram: SmallMatrix
    let rounding: Double
    /// X^T F (k x r).
    let cross: SmallMatrix
  }

  /// Both factors and the squared errors ||A_m - L R^T||_F^2 of their prefixes.
  struct Refined {
    let left: QuantizedFactor
    let right: QuantizedFactor
    /// By the number of leading components, from 0 to r.
    let prefixErrors: [Double]
    /// ||(I - U U^T) L R^T||_F^2 and ||L R^T (I - V V^T)||_F^2: what is outside of A_m's range.
    let outside: (left: Double, right: Double)

    /// ||A_m - L R^T||_F^2.
    var error: Double { prefixErrors[prefixErrors.count - 1] }
  }

  /// Collective; about `rounds` 4 (n + d) k r flops over all ranks, twice if some components are not
  /// spread like normal numbers: fitted scales are then tried as well, since they are much better for
  /// outliers, and a little worse where errors that are fed back fill the gaps between values.
  func refine(_ form: borrowing SpectralForm) throws -> Refined {
    let usual = try alternate(
      form, ComponentShapes(bits: allocation.left), ComponentShapes(bits: allocation.right))
    let left = try ComponentShapes(
      of: form.left, squares: form.values, rows: leftGrid.extent, bits: allocation.left, on: world)
    let right = try ComponentShapes(
      of: form.right, squares: form.values, rows: rightGrid.extent, bits: allocation.right,
      on: world)
    if left.areNormal, right.areNormal { return usual }
    let fitted = try alternate(form, left, right)
    return fitted.error < usual.error ? fitted : usual
  }

  /// Solves and quantizes one factor after the other.
  private func alternate(
    _ form: borrowing SpectralForm, _ leftShapes: ComponentShapes, _ rightShapes: ComponentShapes
  ) throws -> Refined {
    let r = allocation.rank
    var left = try quantize(
      form.left, leftGrid, bits: allocation.left,
      firstTarget(form.values, rows: leftGrid.extent, leftShapes), moving: nil)
    var right: Side?
    var best: (error: Double, left: Side, right: Side)?
    var lastRound = Double.infinity
    let tail = form.tail
    let dropped = form.values[r...].reduce(0) { $0 + $1 * $1 }
    for half in 0..<2 * rounds - 1 {
      try checkpoint.pause()
      let share =
        right == nil ? 0 : Self.overrelaxation * (1 - Double(half) / Double(2 * rounds - 2))
      if half % 2 == 0 {
        let target = try solve(
          against: left, from: right, share, form.values, rightGrid.extent, rightShapes)
        right = try quantize(form.right, rightGrid, bits: allocation.right, target, moving: right)
      } else if let fixed = right {
        let target = try solve(
          against: fixed, from: left, share, form.values, leftGrid.extent, leftShapes)
        left = try quantize(form.left, leftGrid, bits: allocation.left, target, moving: left)
      }
      guard let right else { continue }
      let error = squaredErrors(left, right, form.values)[r]
      if error < best?.error ?? .infinity { best = (error, left, right) }
      guard half % 2 == 0, let least = best?.error else { continue }
      let isIdle = lastRound - least < Self.worthwhile * (tail + least)
      if isIdle, least - dropped < Self.minor * (tail + least) { break }
      lastRound = least
    }
    guard let best else { preconditionFailure("no round of refinement") }
    let scaled = try rescaled(best.right, against: best.left)
    let isBetter = squaredErrors(best.left, scaled, form.values)[r] < best.error
    let (first, second) = (best.left, isBetter ? scaled : best.right)
    return Refined(
      left: first.factor, right: second.factor,
      prefixErrors: squaredErrors(first, second, form.values),
      outside: (outside(first, second, form.values), outside(second, first, form.values)))
  }

  // MARK: Targets, decided on the root

  /// What a factor is quantized from: X Z + share (X Z - previous), with scales and feedback.
  private struct Target {
    let coefficients: SmallMatrix
    let scales: [Float]
    /// 0 x 0 for independent components.
    let feedback: SmallMatrix
    let share: Double
    /// The largest norm of a column of X.
    let largestColumn: Double
  }

  /// The leading singular directions themselves.
  private func firstTarget(_ values: [Double], rows: Int, _ shapes: ComponentShapes) -> Target {
    Target(
      coefficients: SmallMatrix.identity(values.count).firstColumns(shapes.scales.count),
      scales: zip(values, shapes.scales).map { Float(($0 / Double(rows)).squareRoot() * $1) },
      feedback: .identity(0), share: 0, largestColumn: values[0].squareRoot())
  }

  /// argmin_F ||A_m - F Y^T|| for the other factor Y: F = X (X_Y^T Y) (Y^T Y)^-1.
  private func solve(
    against other: Side, from previous: Side?, _ share: Double, _ values: [Double], _ rows: Int,
    _ shapes: ComponentShapes
  ) throws -> Target {
    let (k, r) = (values.count, shapes.scales.count)
    var flat: [Double] = []
    try world.agreeOnRoot {
      var metric = other.gram
      addRidge(to: &metric, atLeast: other.rounding)
      let cholesky = try Cholesky(metric)
      let coefficients = try cholesky.solve(rightSide: other.cross)
      var feedback = cholesky.lower
      for column in 0..<r {
        let pivot = feedback[column, column]
        for row in 0..<r {
          feedback[row, column] = row > column ? feedback[row, column] / pivot : 0
        }
      }
      let scales = scales(
        variances(coefficients, previous, share, values, rows), feedback, shapes)
      flat = coefficients.elements + feedback.elements + scales
    }
    flat = try world.broadcast(flat, from: 0, filler: 0)
    return Target(
      coefficients: SmallMatrix(rows: k, columns: r, elements: Array(flat[..<(k * r)])),
      scales: flat[(k * r + r * r)...].map { Float($0) },
      feedback: SmallMatrix(rows: r, columns: r, elements: Array(flat[(k * r)..<(k * r + r * r)])),
      share: share, largestColumn: values[0].squareRoot())
  }

  /// The mean squares of the components of (1 + share) X Z - share P, from small matrices:
  /// X^T X = diag(s), X^T P and P^T P are known.
  private func variances(
    _ z: SmallMatrix, _ previous: Side?, _ share: Double, _ values: [Double], _ rows: Int
  ) -> [Double] {
    (0..<z.columns).map { component in
      var square = 0.0
      for (i, value) in values.enumerated() {
        let coefficient = z[i, component]
        square += (1 + share) * (1 + share) * value * coefficient * coefficient
        if let previous {
          square -= 2 * share * (1 + share) * coefficient * previous.cross[i, component]
        }
      }
      if let previous { square += share * share * previous.gram[component, component] }
      return max(0, square) / Double(rows)
    }
  }

  /// The scale of each component is the root mean square of what it quantizes: its target and the
  /// errors that are fed back, taken as independent, each of the size that its bits promise; wider if
  /// the component's shape asks for it.
  private func scales(
    _ variances: [Double], _ feedback: SmallMatrix, _ shapes: ComponentShapes
  ) -> [Double] {
    var squares = variances
    var errors = variances.map { _ in 0.0 }
    for component in variances.indices.reversed() {
      for later in component + 1..<max(variances.count, component + 1) {
        let weight = feedback[later, component]
        squares[component] += weight * weight * errors[later]
      }
      errors[component] = squares[component] * shapes.distortions[component]
    }
    return zip(squares, shapes.scales).map { $0.squareRoot() * $1 }
  }

  // MARK: Quantization, on every rank

  /// Codes of this rank's rows, with the small matrices of the whole factor. Collective.
  private func quantize(
    _ x: borrowing Matrix<Float>, _ grid: BlockPartition, bits: [UInt8], _ target: Target,
    moving previous: Side?
  ) throws -> Side {
    let r = bits.count
    let code = FactorCode(
      bits: bits, scales: target.scales, codebooks: Codebook.normalBooks(for: bits),
      codebooksAreOwn: false)
    let coefficients = target.coefficients.rounded()
    let feedback = ErrorFeedback(code: code, weights: target.feedback.rounded())
    let largest = code.largestMagnitude
    let rows = Double(grid.extent)
    let bound = rows * largest * largest
    var gram = GramSum(order: r, bound: bound)
    var cross = FixedPointSum(
      rows: x.columns, columns: r,
      bound: bound.squareRoot() * target.largestColumn)
    var bytes: [UInt8] = []
    let first = grid.range(of: world.rank).lowerBound
    for block in grid.blocks(of: world.rank) {
      let range = grid.range(ofBlock: block).shifted(by: -first)
      // One component after the other, so that inner loops run over rows.
      let values = Matrix<Float>(rows: r, columns: range.count, repeating: 0)
      multiply(coefficients.view.transposed, x.rows(range).transposed, into: values.view)
      if let previous, target.share > 0 { move(values, from: previous, range, by: target.share) }
      bytes += feedback.encode(values)
      add(values, x.rows(range), to: &gram, &cross)
    }
    return Side(
      factor: QuantizedFactor(code: code, bytes: bytes), gram: try gram.total(on: world),
      rounding: bound * Self.resolution, cross: try cross.total(on: world))
  }

  private func move(
    _ values: borrowing Matrix<Float>, from previous: Side, _ range: Range<Int>, by share: Double
  ) {
    let old = Matrix<Float>(rows: range.count, columns: values.rows, repeating: 0)
    previous.factor.decode(range, into: old.view)
    let share = Float(share)
    for component in 0..<values.rows {
      for row in 0..<values.columns {
        let value = values[component, row]
        values[component, row] = value + share * (value - old[row, component])
      }
    }
  }

  private func add(
    _ values: borrowing Matrix<Float>, _ x: MatrixView<Float>, to gram: inout GramSum,
    _ cross: inout FixedPointSum
  ) {
    let wide = Matrix<Double>(rows: values.rows, columns: values.columns, repeating: 0)
    values.widen(into: wide)
    let wideX = x.storedRowsWidened()
    gram.add(wide.view.transposed)
    let product = Matrix<Double>(rows: x.columns, columns: values.rows, repeating: 0)
    multiply(wideX.view.transposed, wide.view.transposed, into: product.view)
    cross.add(UnsafeBufferPointer(product.elements))
  }

  /// The right factor with the scales that are best for the codes of both: (L^T L o R^T R) d =
  /// diag((X_L^T L)^T (X_R^T R)), o element by element. Scales were chosen for numbers that are spread
  /// like normal ones. r^3 / 3 flops on the root.
  private func rescaled(_ right: Side, against left: Side) throws -> Side {
    let r = allocation.rank
    var factors: [Double] = []
    try world.agreeOnRoot {
      var metric = left.gram
      for index in metric.elements.indices { metric.elements[index] *= right.gram.elements[index] }
      addRidge(to: &metric, atLeast: 0)
      let products = (0..<r).map { component in
        (0..<left.cross.rows).reduce(0.0) {
          $0 + left.cross[$1, component] * right.cross[$1, component]
        }
      }
      do {
        factors = try Cholesky(metric)
          .solve(rightSide: SmallMatrix(rows: 1, columns: r, elements: products)).elements
      } catch let error as LinearAlgebraError where error.info > 0 {
        // Components that are too much alike: their scales stay as they are.
        factors = [Double](repeating: 1, count: r)
      }
    }
    factors = try world.broadcast(factors, from: 0, filler: 0)
    let code = right.factor.code
    let scales = zip(code.scales, factors).map { scale, factor in
      let best = Float(Double(scale) * factor)
      return best > 0 && best.isFinite ? best : scale
    }
    // As they are decoded.
    factors = zip(scales, code.scales).map { $1 > 0 ? Double($0) / Double($1) : 1 }
    return Side(
      factor: QuantizedFactor(
        code: FactorCode(
          bits: code.packing.bits, scales: scales, codebooks: code.codebooks,
          codebooksAreOwn: code.codebooksAreOwn), bytes: right.factor.bytes),
      gram: right.gram.scalingColumns(by: factors).transposed.scalingColumns(by: factors),
      rounding: right.rounding,
      cross: right.cross.scalingColumns(by: factors))
  }

  private func addRidge(to metric: inout SmallMatrix, atLeast rounding: Double) {
    let floor = max(rounding, Double.leastNormalMagnitude)
    for i in 0..<metric.rows { metric[i, i] += Self.ridge * metric[i, i] + floor }
  }

  // MARK: Errors, from small matrices

  /// ||A_m - L_j R_j^T||_F^2 = ||A_m||^2 - 2 <X_L^T L_j, X_R^T R_j> + <L_j^T L_j, R_j^T R_j> for the
  /// j leading components, j from 0 to r.
  private func squaredErrors(_ left: Side, _ right: Side, _ values: [Double]) -> [Double] {
    var error = values.reduce(0) { $0 + $1 * $1 }
    var errors = [error]
    for j in 0..<left.gram.rows {
      for i in 0..<left.cross.rows { error -= 2 * left.cross[i, j] * right.cross[i, j] }
      for i in 0..<j { error += 2 * left.gram[i, j] * right.gram[i, j] }
      error += left.gram[j, j] * right.gram[j, j]
      errors.append(error)
    }
    return errors.map { max(0, $0) }
  }

  /// ||F Y^T||^2 - ||U_X^T F Y^T||^2 with U_X = X diag(s)^(-1/2).
  private func outside(_ side: Side, _ other: Side, _ values: [Double]) -> Double {
    let inside = side.cross.transposed
      .scalingColumns(by: values.map { $0 > 0 ? 1 / $0 : 0 }).times(side.cross)
    return max(0, side.gram.inner(other.gram) - inside.inner(other.gram))
  }
}
