// swift-tools-version: 6.0

import PackageDescription

// The fuzz targets, apart from the product so that its builds never see them. The product's parts
// are compiled here once more, instrumented, from its own sources (Product is a link to them): what
// one package keeps to itself another cannot use, and their insides are what is to be tried.
let package = Package(
  name: "nexus-discovery-fuzz",
  targets: [
    .systemLibrary(name: "CLibFuzzer"),
    .systemLibrary(name: "CAvahi", path: "Product/CAvahi"),
    .systemLibrary(name: "CGlibc", path: "Product/CGlibc"),
    .systemLibrary(name: "CWebSockets", path: "Product/CWebSockets"),
    .target(name: "CToml", path: "Product/CToml"),
    .target(name: "DiscoveryCore", path: "Product/DiscoveryCore"),
    .target(
      name: "EventLoop", dependencies: ["CGlibc", "DiscoveryCore"], path: "Product/EventLoop"),
    .target(
      name: "AvahiBridge", dependencies: ["CAvahi", "EventLoop", "DiscoveryCore"],
      path: "Product/AvahiBridge"),
    .target(
      name: "ConfigFile", dependencies: ["CToml", "DiscoveryCore"], path: "Product/ConfigFile"),
    .target(name: "APIModel", dependencies: ["DiscoveryCore"], path: "Product/APIModel"),
    .target(
      name: "WebBridge", dependencies: ["CWebSockets", "APIModel", "DiscoveryCore"],
      path: "Product/WebBridge", resources: [.embedInCode("OpenAPI/openapi.yaml")]),
    .target(
      name: "DiscoveryTestKit", dependencies: ["DiscoveryCore"], path: "Product/DiscoveryTestKit"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "APIModel", "AvahiBridge", "CAvahi", "CLibFuzzer", "ConfigFile", "DiscoveryCore",
        "DiscoveryTestKit", "WebBridge",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// What sees the bytes is instrumented: for coverage, which leads libFuzzer, and for wrong accesses.
for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .unsafeFlags(["-warnings-as-errors", "-enable-testing", "-sanitize=fuzzer,address"])
  ]
  if target.name == "CToml" {
    target.cxxSettings = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]
  }
  if target.type == .executable {
    // Debian's libFuzzer links with the GNU linker only, which finds fault with its .eh_frame: nothing
    // here unwinds by it.
    target.linkerSettings = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=bfd"])]
  }
}
