import Foundation
import Testing

/// The library as the README shows it to those who want to use it.
@Suite("The README's example")
struct DocumentedExampleTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func file(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The blocks of Swift in the section on programs: the manifest and the program.
  private static func examples() throws -> [String] {
    let section = try file("README.md").components(separatedBy: "\n## ")
      .first { $0.hasPrefix("In a Swift program\n") }
    return try #require(section).components(separatedBy: "```swift\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
  }

  @Test("is the program that the lab runs, word by word")
  func program() throws {
    let examples = try Self.examples()
    #expect(examples.count == 2)
    let program = try Self.file("Tests/LibraryExample/Node.swift")
    #expect(examples.last == program)
  }

  /// SwiftPM takes no unsafe flags from a package that it checks out, and says so as soon as it has read
  /// the manifests.
  @Test("its manifest is taken by SwiftPM, for a package at a path and for one at a URL")
  func manifest() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("nexus-discovery-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let package = folder.appendingPathComponent("nexus-discovery")
    try FileManager.default.createDirectory(at: package, withIntermediateDirectories: true)
    for part in ["Package.swift", "Sources", "Tests"] {
      try FileManager.default.copyItem(
        at: Self.root.appendingPathComponent(part), to: package.appendingPathComponent(part))
    }
    let git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", package.path]
    try run(git + ["init", "--quiet"])
    try run(git + ["add", "."])
    try run(git + ["commit", "--quiet", "--message", "all"])
    try run(git + ["tag", "1.0.0"])

    let manifest = try #require(try Self.examples().first)
    let byPath = "path: \"../nexus-discovery\""
    #expect(manifest.contains(byPath))
    let byURL = "url: \"file://\(package.path)\", from: \"1.0.0\""
    for (name, text) in [
      ("path", manifest), ("url", manifest.replacingOccurrences(of: byPath, with: byURL)),
    ] {
      let program = folder.appendingPathComponent(name)
      let sources = program.appendingPathComponent("Sources/node")
      try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
      try text.write(
        to: program.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
      try "".write(
        to: sources.appendingPathComponent("main.swift"), atomically: true, encoding: .utf8)
      let caches = folder.appendingPathComponent("caches").path
      let output = try run([
        "swift", "package", "--package-path", program.path, "--cache-path", caches,
        "show-dependencies",
      ])
      #expect(output.contains("nexus-discovery<"), "\(name)")
    }
  }

  /// Runs a program that must succeed; what it printed.
  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    // As others have it: what this project asks of its own builds is not asked there.
    process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "NEXUS_STRICT" }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(arguments.joined(separator: " ")): \(output)")
    return output
  }
}
