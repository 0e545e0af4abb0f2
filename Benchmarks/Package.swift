// swift-tools-version: 6.0

import PackageDescription

// What of the product is measured inside a process, apart from it so that its builds never see this.
// Its parts are compiled here once more from its own sources (Product is a link to them): what one
// package keeps to itself another cannot use.
let package = Package(
  name: "nexus-discovery-benchmarks",
  targets: [
    .systemLibrary(name: "CAllocator"),
    .target(name: "DiscoveryCore", path: "Product/DiscoveryCore"),
    .target(
      name: "DiscoveryTestKit", dependencies: ["DiscoveryCore"], path: "Product/DiscoveryTestKit"),
    .executableTarget(
      name: "registry-bench", dependencies: ["CAllocator", "DiscoveryCore", "DiscoveryTestKit"]),
  ],
  swiftLanguageModes: [.v6]
)

// As the product's own builds are (see its Package.swift): the same code is measured.
for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .unsafeFlags(["-warnings-as-errors"]),
    .unsafeFlags(["-Xllvm", "-sil-disable-pass=bcopts"], .when(configuration: .release)),
  ]
}
