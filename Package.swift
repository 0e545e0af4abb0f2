// swift-tools-version: 6.0

import PackageDescription

let package = Package(
  name: "nexus-discovery",
  products: [
    .executable(name: "nexus-discovery", targets: ["nexus-discovery"])
  ],
  targets: [
    // Debian's C libraries: a module map and a shim header each, nothing else.
    .systemLibrary(name: "CAvahi"),
    .systemLibrary(name: "CConsole"),
    .systemLibrary(name: "CNetlink"),
    .systemLibrary(name: "CSystemd"),
    .systemLibrary(name: "CWebSockets"),
    .target(name: "CToml"),

    .target(name: "DiscoveryCore"),
    .target(name: "EventLoop", dependencies: ["DiscoveryCore"]),

    // Bridges: each the only importer of its C library; none imports another.
    .target(name: "AvahiBridge", dependencies: ["CAvahi", "EventLoop", "DiscoveryCore"]),
    .target(name: "ConsoleBridge", dependencies: ["CConsole"]),
    .target(name: "NetworkBridge", dependencies: ["CNetlink", "EventLoop", "DiscoveryCore"]),
    .target(name: "SystemdBridge", dependencies: ["CSystemd", "DiscoveryCore"]),
    .target(name: "ConfigFile", dependencies: ["CToml", "DiscoveryCore"]),
    .target(name: "APIModel", dependencies: ["DiscoveryCore"]),
    .target(name: "WebBridge", dependencies: ["CWebSockets", "APIModel", "DiscoveryCore"]),

    .executableTarget(
      name: "nexus-discovery",
      dependencies: [
        "APIModel", "AvahiBridge", "ConfigFile", "ConsoleBridge", "DiscoveryCore", "EventLoop",
        "NetworkBridge", "SystemdBridge", "WebBridge",
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
    .testTarget(name: "ConfigFileTests", dependencies: ["ConfigFile", "DiscoveryCore"]),
    .testTarget(
      name: "WebBridgeTests",
      dependencies: ["WebBridge", "APIModel", "DiscoveryCore", "DiscoveryTestKit"]),
    .testTarget(
      name: "NexusDiscoveryTests",
      dependencies: [
        "nexus-discovery", "APIModel", "ConsoleBridge", "DiscoveryCore", "DiscoveryTestKit",
        "WebBridge",
      ]),
    .testTarget(name: "ArchitectureTests"),
    .testTarget(name: "LabTests"),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// One place for what every target is held to: warnings are errors.
for target in package.targets {
  switch target.type {
  case .system:
    continue
  default:
    target.swiftSettings = [.unsafeFlags(["-warnings-as-errors"])]
    if target.name == "CToml" {
      target.cxxSettings = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]
    }
  }
}
