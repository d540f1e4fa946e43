// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "lplr-dist",
  products: [.executable(name: "lplr-dist", targets: ["lplr-dist"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // MARK: The command
    .executableTarget(
      name: "lplr-dist",
      dependencies: [
        "LPLR", "ParallelHDF5", "MessagePassing", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // MARK: The method
    .target(
      name: "LPLR",
      dependencies: ["LinearAlgebra", "ParallelHDF5", "MessagePassing", "CLinux"],
      swiftSettings: settings),

    // MARK: Wrappers, one for each library
    .target(
      name: "LinearAlgebra",
      dependencies: ["MessagePassing", "CLAPACK", "CScaLAPACK", "CRandom123"],
      swiftSettings: settings),
    .target(
      name: "ParallelHDF5",
      dependencies: ["MessagePassing", "CHDF5", "CLinux", "CZlib"],
      swiftSettings: settings),
    .target(name: "MessagePassing", dependencies: ["CMPI"], swiftSettings: settings),

    // MARK: System libraries
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5-openmpi", providers: [.apt(["libhdf5-openmpi-dev"])]),
    .systemLibrary(
      name: "CLAPACK", pkgConfig: "openblas lapacke",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(
      name: "CScaLAPACK", pkgConfig: "scalapack-openmpi ompi-c",
      providers: [.apt(["libscalapack-openmpi-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CRandom123", providers: [.apt(["librandom123-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // MARK: Tests
    .target(
      name: "TestSupport", dependencies: ["MessagePassing"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "CRandom123", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "ParallelHDF5Tests", dependencies: ["ParallelHDF5", "TestSupport"],
      resources: [.copy("Python")], swiftSettings: settings),
    .testTarget(
      name: "LPLRTests", dependencies: ["LPLR", "LinearAlgebra", "ParallelHDF5", "TestSupport"],
      resources: [.copy("Golden")], swiftSettings: settings),
    .testTarget(
      name: "SPMDTests",
      dependencies: [
        "LPLR", "LinearAlgebra", "ParallelHDF5", "MessagePassing", "CMPI", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests", dependencies: ["TestSupport"], resources: [.copy("Python")],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
