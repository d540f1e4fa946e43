// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LPLR
internal import MessagePassing
internal import ParallelHDF5

extension LPLRDist {
  /// `lplr-dist generate OUT`.
  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a matrix with known singular values, in parallel.",
      discussion: """
        A = c U diag(s) V^T + noise N, with random orthonormal U and V, independent
        normal numbers N, and c such that the first term has a root mean square of 1.
        The same for any number of ranks. A rank needs 4 (rows / ranks + columns) k
        bytes for k components.

        SPECTRA
          exponential:50   s_i = exp(-i / 50)
          polynomial:1     s_i = 1 / (i + 1)
          lowrank:32       32 equal singular values
          phantom          the modified Shepp-Logan phantom instead

        EXAMPLES
          mpirun -n 4 lplr-dist generate data.h5 --shape 20000x40000 \\
            --spectrum exponential:50
          lplr-dist generate noisy.h5 --shape 2000x500 --spectrum lowrank:32 \\
            --noise 0.05 --seed 7
          lplr-dist generate half.h5 --shape 4096x4096 --spectrum polynomial:1 \\
            --chunk 1024x1024 --dtype float16
        """)

    @Argument(help: "The file to write; the matrix is its dataset /data.")
    var output: String

    @Option(help: "Rows and columns: 20000x500.")
    var shape: MatrixShape

    @Option(help: "exponential:DECAY, polynomial:POWER, lowrank:RANK or phantom.")
    var spectrum: KindArgument

    @Option(help: "Standard deviation of the noise; the rest has a root mean square of 1.")
    var noise = 0.0

    @Option(help: "Seed of the random numbers.")
    var seed: UInt64 = 0

    @Option(help: "Rows and columns of a chunk (default: contiguous).")
    var chunk: MatrixShape?

    @Option(help: "Type of the elements: float32, float64, float16 or uint8 (256 grey values).")
    var dtype = ElementType.float32

    @Option(help: "Components beyond this number are left out.")
    var components = 1024

    @Flag(help: "Replace the output if it exists.")
    var force = false

    @Flag(name: .shortAndLong, help: "Print no summary.")
    var quiet = false

    func validate() throws {
      guard noise >= 0, noise.isFinite else { throw ValidationError("--noise: expected 0 or more") }
      guard components >= 1 else { throw ValidationError("--components: expected 1 or more") }
      // Rows are made whole.
      guard shape.columns < 1 << 31 else {
        throw ValidationError("--shape: expected fewer than 2^31 columns")
      }
    }

    func run() {
      var generator = MatrixGenerator(
        rows: shape.rows, columns: shape.columns, kind: spectrum.kind)
      generator.noise = noise
      generator.seed = seed
      generator.type = dtype
      generator.chunk = chunk.map {
        (min($0.rows, generator.rows), min($0.columns, generator.columns))
      }
      generator.mostComponents = components
      LPLRDist.session { [generator] world in
        try generator.generate(output.absolutePath, replacing: force, on: world)
        return quiet
          ? nil
          : "wrote \(output): /data, \(shape.rows) x \(shape.columns), \(dtype.rawValue)"
      }
    }
  }
}
