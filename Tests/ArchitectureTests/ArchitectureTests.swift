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

  @Test("a file holds one concept: none reaches 400 lines", arguments: ["Sources", "Tests"])
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
      ("APIModel", "internal import struct Foundation.Data", "Foundation"),
      ("OneBridge", "import FoundationEssentials", "FoundationEssentials"),
      ("OneBridge", "import CTwo", "CTwo"),
      ("OneBridge", "// first\n  @preconcurrency import TwoBridge", "TwoBridge"),
      ("nexus-discovery", "@_spi(Some) package import COne", "COne"),
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
      ("APIModel", "import FoundationEssentials"),
      ("nexus-discovery", "import OneBridge\nimport TwoBridge"),
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
          """))
    #expect(
      bad.problems == [
        "TwoBridge depends on OneBridge: bridges never import one another",
        "COne belongs to one bridge, not to OneBridge, TwoBridge",
        "DiscoveryCore depends on [\"OneBridge\"]",
      ])
  }
}
