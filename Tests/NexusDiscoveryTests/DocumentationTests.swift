import DiscoveryCore
import Foundation
import Testing

@testable import nexus_discovery

/// What stands outside of the code and has to go with it.
@Suite("Manual pages, catalog and package")
struct DocumentationTests {
  /// A file of the tree.
  private static func file(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test("nexus-discovery(1) has every command with each of its options")
  func commands() throws {
    let page = try Self.file("man/nexus-discovery.1.scd")
    let lines = page.split(separator: "\n")
    for command in CommandList.all {
      let entry = lines.filter { $0.hasPrefix("*\(command.name)*") }.joined(separator: "\n")
      #expect(!entry.isEmpty, "\(command.name)")
      let common: Set = ["help", "socket"]
      for option in command.options where !common.contains(option.name) || command.name == "serve" {
        #expect(entry.contains("*--\(option.name)*"), "\(command.name) --\(option.name)")
      }
    }
    for option in Tool.options { #expect(page.contains("*--\(option.name)*")) }
    for status in ExitStatus.allCases { #expect(page.contains("\n*\(status.rawValue)*\n")) }
  }

  @Test("nexus.toml(5) has every key of the documented file, with its default")
  func keys() throws {
    let page = try Self.file("man/nexus.toml.5.scd")
    let sample = try Self.file("nexus.toml").split(separator: "\n")
    var section = ""
    for line in sample where !line.hasPrefix("#") {
      if line.hasPrefix("[") { section = String(line) }
      if line.hasPrefix("[") { #expect(page.contains("# \(line)"), "\(line)") }
      let parts = line.split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard parts.count == 2, !line.hasPrefix(" ") else { continue }
      let isList = parts[1] == "["
      let entry = "*\(parts[0])* = \(isList ? "[" : parts[1])"
      #expect(page.contains("\n" + entry), "\(section) \(entry)")
    }
  }

  @Test("the catalog explains each event of the journal, and nothing else")
  func catalog() throws {
    let catalog = try Self.file("systemd/nexus-discovery.catalog")
    let ids = catalog.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { $0.dropFirst(3) }
    #expect(Set(ids.map(String.init)) == Set(LogEvent.allCases.map(\.messageID)))
    #expect(ids.count == LogEvent.allCases.count)
    let fields = Set(
      catalog.split(separator: "@").filter { $0.hasPrefix("NEXUS_") }.map(String.init))
    let known: Set = ["NEXUS_NAME", "NEXUS_URL", "NEXUS_TYPE", "NEXUS_SOURCE", "NEXUS_BACKEND_ID"]
    #expect(fields == known)
  }

  @Test("the package has the program's version")
  func version() throws {
    let changelog = try Self.file("debian/changelog")
    #expect(changelog.hasPrefix("\(Product.name) (\(Product.version)-"))
  }
}
