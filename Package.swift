// swift-tools-version: 6.0

import PackageDescription

let package = Package(
  name: "nexus-discovery",
  products: [
    .executable(name: "nexus-discovery", targets: ["nexus-discovery"]),
    .library(name: "NexusDiscovery", targets: ["NexusDiscovery"]),
  ],
  targets: [
    // Debian's C libraries: a module map and a shim header each, nothing else.
    .systemLibrary(name: "CAvahi"),
    .systemLibrary(name: "CConsole"),
    .systemLibrary(name: "CGlibc"),
    .systemLibrary(name: "CNetlink"),
    .systemLibrary(name: "CSystemd"),
    .systemLibrary(name: "CWebSockets"),
    .target(name: "CToml"),

    .target(name: "DiscoveryCore"),
    .target(name: "EventLoop", dependencies: ["CGlibc", "DiscoveryCore"]),

    // Bridges: each the only importer of its C library; none imports another.
    .target(name: "AvahiBridge", dependencies: ["CAvahi", "EventLoop", "DiscoveryCore"]),
    .target(name: "ConsoleBridge", dependencies: ["CConsole"]),
    .target(name: "NetworkBridge", dependencies: ["CNetlink", "EventLoop", "DiscoveryCore"]),
    .target(name: "SystemdBridge", dependencies: ["CSystemd", "DiscoveryCore"]),
    .target(name: "ConfigFile", dependencies: ["CToml", "DiscoveryCore"]),
    .target(name: "HealthChecks", dependencies: ["DiscoveryCore"]),
    .target(name: "Announcing", dependencies: ["DiscoveryCore", "HealthChecks"]),
    .target(name: "APIModel", dependencies: ["DiscoveryCore"]),
    .target(
      name: "WebBridge", dependencies: ["CWebSockets", "APIModel", "DiscoveryCore"],
      resources: [.embedInCode("OpenAPI/openapi.yaml")]),

    // Compositions: what a program takes in, and the program.
    .target(
      name: "NexusDiscovery",
      dependencies: ["AvahiBridge", "DiscoveryCore", "EventLoop", "NetworkBridge"]),
    .executableTarget(
      name: "nexus-discovery",
      dependencies: [
        "APIModel", "Announcing", "AvahiBridge", "ConfigFile", "ConsoleBridge", "DiscoveryCore",
        "EventLoop", "HealthChecks", "NetworkBridge", "NexusDiscovery", "SystemdBridge",
        "WebBridge",
      ]),

    .target(name: "DiscoveryTestKit", dependencies: ["DiscoveryCore"]),
    .testTarget(name: "DiscoveryCoreTests", dependencies: ["DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "DiscoveryCore"]),
    .testTarget(
      name: "AvahiBridgeTests", dependencies: ["AvahiBridge", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(name: "ConsoleBridgeTests", dependencies: ["ConsoleBridge"]),
    .testTarget(
      name: "NetworkBridgeTests",
      dependencies: ["NetworkBridge", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(name: "SystemdBridgeTests", dependencies: ["SystemdBridge", "DiscoveryCore"]),
    .testTarget(
      name: "ConfigFileTests", dependencies: ["ConfigFile", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(
      name: "HealthChecksTests",
      dependencies: ["HealthChecks", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(
      name: "AnnouncingTests",
      dependencies: ["Announcing", "DiscoveryCore", "DiscoveryTestKit", "HealthChecks"]),
    .testTarget(
      name: "WebBridgeTests",
      dependencies: ["WebBridge", "APIModel", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(
      name: "NexusDiscoveryTests",
      dependencies: [
        "nexus-discovery", "APIModel", "ConsoleBridge", "DiscoveryCore", "DiscoveryTestKit",
        "HealthChecks", "WebBridge",
      ]),
    .testTarget(
      name: "NexusDiscoveryLibraryTests",
      dependencies: ["NexusDiscovery", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(name: "ArchitectureTests"),
    // Programs for the lab: what the README shows of the library, and one that tries more of it.
    .executableTarget(
      name: "library-example", dependencies: ["NexusDiscovery"], path: "Tests/LibraryExample"),
    .executableTarget(
      name: "library-probe", dependencies: ["NexusDiscovery"], path: "Tests/LibraryProbe"),
    .testTarget(name: "LabTests", dependencies: ["library-example", "library-probe"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// One place for what every target is held to: warnings are errors, and the same source gives the same
// code. Swift 6.3's pass that takes redundant bounds checks out (bcopts) knows values by address and
// forgets none of those that are gone, so it takes out others in each build, and maybe a needed one.
//
// This project's own builds ask for it (the Makefile, debian/rules); a package that depends on this one
// may not, for SwiftPM takes no such flags from a dependency (SE-0238), and another compiler may warn of
// more.
//
// The program is linked with lld, hardened as Debian has it; its 44,000 relocations are packed (DT_RELR,
// glibc 2.36) and its symbols hidden: 2 MB less to be read, and to stay in memory, at each start. Each
// function is a section of its own, so that those of usual work can lie side by side (functions.so, made
// by tools/order-functions): 4 MB less in memory. Of libstdc++ a sixth is used, and linked statically
// (libstdc++.so): 1 MB less.
for target in package.targets where Context.environment["NEXUS_STRICT"] == "1" {
  switch target.type {
  case .system:
    continue
  default:
    target.swiftSettings = [
      .unsafeFlags(["-warnings-as-errors"]),
      .unsafeFlags(["-Xllvm", "-sil-disable-pass=bcopts"], .when(configuration: .release)),
      .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
    ]
    if target.name == "CToml" {
      target.cxxSettings = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]
    }
    if target.name == "nexus-discovery" {
      let linkFiles = "\(Context.packageDirectory)/tools/link"
      let linker = [
        "-z", "relro", "-z", "now", "-z", "pack-relative-relocs", "--no-export-dynamic",
      ]
      target.linkerSettings = [
        .unsafeFlags(
          ["-use-ld=lld", "-L\(linkFiles)", "\(linkFiles)/functions.so"]
            + linker.flatMap { ["-Xlinker", $0] },
          .when(configuration: .release))
      ]
    }
  }
}
