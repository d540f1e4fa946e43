// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import LinearAlgebra
internal import ParallelHDF5

/// One inner loop of the program, in the shapes it has there.
enum CalibrationKernel: CaseIterable {
  case sketch, narrowProduct, wideProduct, doubleProduct, qr, sum, quantize, move, touch, fit, save
  case svd, eigen, allocate, read

  /// Columns of the narrow product.
  static let narrow = 32

  var rate: WritableKeyPath<Machine.Rates, Double> {
    switch self {
    case .sketch: \.sketched
    case .narrowProduct: \.multiplied
    case .wideProduct: \.flops
    case .doubleProduct: \.doubleFlops
    case .qr: \.qrFlops
    case .sum: \.summed
    case .quantize: \.quantized
    case .move: \.moved
    case .touch: \.touched
    case .fit: \.fitted
    case .save: \.saved
    case .svd: \.rootSingular
    case .eigen: \.rootEigen
    case .allocate: \.rootAllocated
    case .read: \.bytesRead
    }
  }

  /// Work a second.
  func rate(number: Int, file: Int32?) throws -> Double {
    switch self {
    case .sketch: try sketch()
    case .narrowProduct: try product(columns: Self.narrow) / (2 * Double(Self.narrow))
    case .wideProduct: try product(columns: 512)
    case .doubleProduct: try doubleProduct()
    case .qr: try factorization()
    case .sum: try summation()
    case .quantize: try quantization()
    case .move: try copying()
    case .touch: try touching()
    case .fit: fitting()
    case .save: try saving(number)
    case .svd: try singularValues()
    case .eigen: try eigenvalues()
    case .allocate: try allocation()
    case .read: try reading(file, number: number)
    }
  }

  private static let seconds = 0.15

  /// Of this thread.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func repeated(_ work: Double, _ body: () throws -> Void) rethrows -> Double {
    try body()
    var times: [Double] = []
    let start = Self.processorSeconds
    repeat {
      let begin = Self.processorSeconds
      try body()
      times.append(Self.processorSeconds - begin)
    } while Self.processorSeconds - start < Self.seconds || times.count < 3
    times.sort()
    return work / max(times[times.count / 4], 1e-9)
  }

  // MARK: Loops

  private static let rows = 1024
  private static let strip = 512

  /// Blocks of more than the caches hold, one after the other, as they come from a file.
  private func sketch() throws -> Double {
    let (rows, strip, m) = (Self.rows, SketchedColumns.stripWidth, 512)
    let blocks = 16
    let a = Self.noise(blocks * rows, strip)
    let copy = Matrix<Float>(rows: rows, columns: strip, repeating: 0)
    let zt = Matrix<Float>(rows: m, columns: strip, repeating: 0)
    let signs = SparseSketch(seed: 1, columns: m).rows(0..<rows)
    var block = 0
    return repeated(Double(rows * strip)) {
      block = (block + 1) % blocks
      guard let target = copy.elements.baseAddress else { return }
      _ = copySummingSquares(a.rows(block * rows..<(block + 1) * rows), to: target)
      signs.add(copy.view, to: zt.view)
    }
  }

  private func product(columns l: Int) throws -> Double {
    let (rows, strip) = (Self.rows, Self.strip)
    let blocks = 16
    let a = Self.noise(blocks * rows, strip)
    let s = Self.noise(strip, l)
    let c = Matrix<Float>(rows: rows, columns: l, repeating: 0)
    var block = 0
    return repeated(2 * Double(rows * strip * l)) {
      block = (block + 1) % blocks
      multiply(a.rows(block * rows..<(block + 1) * rows), s.view, into: c.view, beta: 1)
    }
  }

  private func doubleProduct() throws -> Double {
    let (h, m) = (Self.strip, 512)
    let a = Matrix<Double>(rows: h, columns: m, repeating: 0.5)
    let g = Matrix<Double>(rows: m, columns: m, repeating: 0)
    return repeated(2 * Double(h * m * m)) {
      multiply(a.view.transposed, a.view, into: g.view)
    }
  }

  private func factorization() throws -> Double {
    let (h, l) = (512, 256)
    let noise = Self.noise(h, l)
    let a = Matrix<Double>(rows: h, columns: l, repeating: 0)
    return try repeated(Double(4 * h * l * l) - 4 * Double(l * l * l) / 3) {
      noise.widen(into: a)
      _ = try LinearAlgebra.qr(inPlace: a.view)
    }
  }

  private func summation() throws -> Double {
    let terms = Self.noise(Self.rows, Self.strip)
    let sum = BoundedSum(count: terms.elements.count, bound: 1e3)
    return repeated(Double(terms.elements.count)) {
      _ = sum.add(UnsafeBufferPointer(terms.elements))
    }
  }

  /// With the errors of 64 components fed back.
  private func quantization() throws -> Double {
    let (r, rows) = (64, Self.rows)
    let bits = (0..<r).map { UInt8(1 + 4 * (r - 1 - $0) / r) }
    let code = FactorCode(
      bits: bits, scales: [Float](repeating: 1, count: r),
      codebooks: Codebook.normalBooks(for: bits), codebooksAreOwn: false)
    let weights = Matrix<Float>(rows: r, columns: r, repeating: 0)
    let feedback = ErrorFeedback(code: code, weights: weights)
    let noise = Self.noise(r, rows)
    let targets = Matrix<Float>(rows: r, columns: rows, repeating: 0)
    return repeated(Double(r * rows)) {
      _ = targets.elements.update(fromContentsOf: noise.elements)
      _ = feedback.encode(targets)
    }
  }

  private func copying() throws -> Double {
    let bytes = 32 << 20
    let a = Matrix<UInt8>(rows: 1, columns: bytes, repeating: 1)
    let b = Matrix<UInt8>(rows: 1, columns: bytes, repeating: 0)
    return repeated(Double(bytes)) { _ = b.elements.update(fromContentsOf: a.elements) }
  }

  /// In small pages, as the arrays of the program come.
  private func touching() throws -> Double {
    let bytes = 8 << 20
    return try repeated(Double(bytes)) {
      guard
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        memory != MAP_FAILED
      else {
        throw PlanError("no \(bytes >> 20) MiB of memory: \(String(cString: strerror(errno)))")
      }
      for page in stride(from: 0, to: bytes, by: 4096) {
        memory.storeBytes(of: 1, toByteOffset: page, as: UInt8.self)
      }
      munmap(memory, bytes)
    }
  }

  private func fitting() -> Double {
    let counts = (0..<MagnitudeHistogram.binCount).map { bin in
      Int(1e4 * Foundation.exp(-Double(bin * bin) / Double(1 << 18)))
    }
    let histogram = MagnitudeHistogram(largest: [4], counts: counts)
    let book = Codebook.normal(bits: 4)
    return repeated(1) { _ = histogram.bestFit(of: 0, in: book) }
  }

  /// A new file each time, with its checksum.
  private func saving(_ number: Int) throws -> Double {
    let rows = 4 * Self.rows
    let sums = Self.noise(rows, Self.strip)
    let saved = SavedRows("noise", sums, BlockPartition(extent: rows, blockSize: rows, ranks: 1))
    let path = NSTemporaryDirectory() + "/lplr-dist.\(getpid()).\(number)"
    defer { unlink(path) }
    return try repeated(Double(4 * rows * Self.strip)) {
      unlink(path)
      _ = try saved.write(to: path, as: 0)
    }
  }

  private func singularValues() throws -> Double {
    let order = 256
    let small = Self.smallNoise(order)
    return try repeated(Double(order * order * order)) {
      _ = try SingularValueDecomposition(small)
    }
  }

  private func eigenvalues() throws -> Double {
    let order = 640
    let small = Self.smallNoise(order)
    return try repeated(Double(order * order * order)) {
      _ = try SymmetricEigen(leading: order / 4, of: small)
    }
  }

  private func allocation() throws -> Double {
    let count = 128
    let energies = (0..<count).map { Foundation.exp(-Double($0) / 20) }
    return repeated(Double(count)) {
      _ = BitAllocation.leastError(
        energies: energies, rows: 4096, columns: 4096, bytes: 4096 * count / 4)
    }
  }

  /// Pieces of 8 MiB, each thread its own part of the file, from the start again at the end.
  private func reading(_ file: Int32?, number: Int) throws -> Double {
    guard let file else { return Machine.usual.alone.bytesRead }
    let piece = 8 << 20
    let buffer = Matrix<UInt8>(rows: 1, columns: piece, repeating: 0)
    let size = max(Int(lseek(file, 0, SEEK_END)), 1)
    var offset = (number * 64 * piece) % size
    var bytes = 0
    let start = ContinuousClock.now
    repeat {
      let count = pread(file, buffer.elements.baseAddress, piece, off_t(offset))
      guard count >= 0 else {
        throw InputError.noInput(
          "the file for the rate of reading: \(String(cString: strerror(errno)))")
      }
      bytes += count
      offset = count < piece ? 0 : offset + count
    } while start.duration(to: .now).inSeconds < 4 * Self.seconds && bytes < 1 << 40
    return Double(max(bytes, 1)) / start.duration(to: .now).inSeconds
  }

  private static func smallNoise(_ order: Int) -> SmallMatrix {
    let matrix = noise(order, order)
    return SmallMatrix(
      rows: order, columns: order, elements: matrix.elements.map { Double($0) })
  }

  private static func noise(_ rows: Int, _ columns: Int) -> Matrix<Float> {
    let matrix = Matrix<Float>(rows: rows, columns: columns, repeating: 0)
    let random = Philox(seed: 1, stream: 9)
    for (index, row) in matrix.view.storedRows.enumerated() { random.fillNormal(row, index: index) }
    return matrix
  }
}
