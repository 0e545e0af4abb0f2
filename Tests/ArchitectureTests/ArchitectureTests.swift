import Foundation
import Testing

/// A Swift source of this tree.
private struct SourceFile: Sendable {
  /// From the package's root.
  let path: String
  let text: String

  /// The folder below Sources or Tests.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func all(in folder: String) throws -> [SourceFile] {
    let top = root.appendingPathComponent(folder)
    return try FileManager.default.subpathsOfDirectory(atPath: top.path).sorted()
      .filter { $0.hasSuffix(".swift") }
      .map { path in
        SourceFile(
          path: "\(folder)/\(path)",
          text: try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8))
      }
  }
}

@Suite("Architecture")
struct ArchitectureTests {
  private static let longestFile = 400

  private func rules() throws -> ImportRules {
    let manifest = SourceFile.root.appendingPathComponent("Package.swift")
    return ImportRules(
      manifest: PackageManifest(text: try String(contentsOf: manifest, encoding: .utf8)))
  }

  @Test("each target imports only what it may")
  func imports() throws {
    let rules = try rules()
    let sources = try SourceFile.all(in: "Sources")
    #expect(sources.count > 20)
    for source in sources {
      let problems = rules.problems(in: source.text, of: source.target)
      #expect(problems.isEmpty, "\(source.path)")
    }
  }

  @Test("each C library has one bridge, and bridges know nothing of one another")
  func dependencies() throws {
    let rules = try rules()
    #expect(rules.manifest.bridges.isSuperset(of: ["AvahiBridge", "SystemdBridge", "WebBridge"]))
    #expect(rules.problems.isEmpty)
  }

  @Test(
    "this project's own builds take warnings for errors",
    arguments: ["Makefile", "debian/rules", "Package.swift"])
  func strictness(file: String) throws {
    let text = try String(
      contentsOf: SourceFile.root.appendingPathComponent(file), encoding: .utf8)
    let line =
      file == "Package.swift"
      ? /Context\.environment\["NEXUS_STRICT"\] == "1"/ : /^export NEXUS_STRICT :?= 1$/
    #expect(text.contains(line.anchorsMatchLineEndings()))
  }

  @Test("only the library shows anything to other packages")
  func publicity() throws {
    let sources = try SourceFile.all(in: "Sources")
    let shown = sources.filter {
      $0.text.contains(/^\s*(?:@\w+\s+)*public\s/.anchorsMatchLineEndings())
    }
    #expect(Set(shown.map(\.target)) == ["NexusDiscovery"])
  }

  @Test("a program with the library needs the headers of Avahi, and of no other library")
  func libraryNeeds() throws {
    let manifest = try rules().manifest
    #expect(
      manifest.closure(of: "NexusDiscovery").intersection(manifest.cModules)
        // The last two are the kernel's.
        == ["CAvahi", "CNetlink", "CGlibc"])
  }

  @Test(
    "the fuzz targets and the benchmarks are packages of their own, on the product's own sources",
    arguments: [
      ("Fuzz", ["fuzz", "CLibFuzzer"]), ("Benchmarks", ["registry-bench", "CAllocator"]),
    ])
  func ownPackages(folder: String, theirs: [String]) throws {
    let manifest = PackageManifest(
      text: try String(
        contentsOf: SourceFile.root.appendingPathComponent("\(folder)/Package.swift"),
        encoding: .utf8))
    let own = Dictionary(
      uniqueKeysWithValues: try rules().manifest.targets.map { ($0.name, $0.dependencies) })
    let copied = manifest.targets.filter { !theirs.contains($0.name) }
    #expect(copied.count > 1)
    for target in copied { #expect(own[target.name] == target.dependencies, "\(target.name)") }
    for name in theirs { #expect(own[name] == nil, "\(name)") }
  }

  @Test(
    "a file holds one concept: none reaches 400 lines",
    arguments: ["Sources", "Tests", "Fuzz/Sources", "Benchmarks/Sources"])
  func fileLengths(folder: String) throws {
    for source in try SourceFile.all(in: folder) {
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(lines < Self.longestFile, "\(source.path)")
    }
  }
}

@Suite("The check of imports can fail")
struct ImportRulesTests {
  private let rules = ImportRules(
    manifest: PackageManifest(
      text: """
        .systemLibrary(name: "COne"),
        .target(name: "CTwo"),
        .target(name: "DiscoveryCore"),
        .target(name: "OneBridge", dependencies: ["COne", "DiscoveryCore"]),
        .target(
          name: "TwoBridge",
          dependencies: [
            "CTwo", "DiscoveryCore",
          ]),
        .target(name: "APIModel", dependencies: ["DiscoveryCore"]),
        .target(name: "HealthChecks", dependencies: ["DiscoveryCore"]),
        .target(name: "NexusDiscovery", dependencies: ["OneBridge", "DiscoveryCore"]),
        .executableTarget(
          name: "nexus-discovery", dependencies: ["OneBridge", "TwoBridge", "DiscoveryCore"]),
        """))

  @Test(
    "what is not allowed is named",
    arguments: [
      ("DiscoveryCore", "import Glibc", "Glibc"),
      ("DiscoveryCore", "import COne", "COne"),
      ("DiscoveryCore", "import FoundationEssentials", "FoundationEssentials"),
      ("APIModel", "import Foundation", "Foundation"),
      ("HealthChecks", "import Dispatch", "Dispatch"),
      ("APIModel", "internal import struct Foundation.Data", "Foundation"),
      ("OneBridge", "import FoundationEssentials", "FoundationEssentials"),
      ("OneBridge", "import CTwo", "CTwo"),
      ("OneBridge", "// first\n  @preconcurrency import TwoBridge", "TwoBridge"),
      ("nexus-discovery", "@_spi(Some) package import COne", "COne"),
      ("NexusDiscovery", "import COne", "COne"),
      ("NexusDiscovery", "import FoundationEssentials", "FoundationEssentials"),
    ])
  func isNamed(target: String, text: String, module: String) {
    #expect(rules.problems(in: text, of: target) == ["\(target) must not import \(module)"])
  }

  @Test(
    "what is allowed passes",
    arguments: [
      ("DiscoveryCore", "import Synchronization\n/// does not import Glibc\nlet important = 1"),
      ("OneBridge", "import COne\nimport Dispatch\nimport DiscoveryCore\nimport Glibc"),
      ("TwoBridge", "import CTwo"),
      ("HealthChecks", "import DiscoveryCore\nimport Synchronization"),
      ("APIModel", "import FoundationEssentials"),
      ("nexus-discovery", "import OneBridge\nimport TwoBridge"),
      ("NexusDiscovery", "import OneBridge\nimport Synchronization"),
    ])
  func passes(target: String, text: String) {
    #expect(rules.problems(in: text, of: target).isEmpty)
  }

  @Test("an unknown target, a shared C library and bridges that know one another are named")
  func tableIsChecked() {
    #expect(rules.problems.isEmpty)
    #expect(rules.problems(in: "", of: "Stray") == ["Stray is no target of the package"])
    let bad = ImportRules(
      manifest: PackageManifest(
        text: """
          .systemLibrary(name: "COne"),
          .target(name: "DiscoveryCore", dependencies: ["OneBridge"]),
          .target(name: "OneBridge", dependencies: ["COne"]),
          .target(name: "TwoBridge", dependencies: ["COne", "OneBridge"]),
          .target(name: "HealthChecks", dependencies: ["DiscoveryCore", "TwoBridge"]),
          .target(name: "NexusDiscovery", dependencies: ["OneBridge", "TwoBridge"]),
          """))
    #expect(
      bad.problems == [
        "TwoBridge depends on OneBridge: bridges never import one another",
        "HealthChecks depends on TwoBridge, as only compositions do",
        "COne belongs to one bridge, not to OneBridge, TwoBridge",
        "DiscoveryCore depends on [\"OneBridge\"]",
      ])
  }
}
