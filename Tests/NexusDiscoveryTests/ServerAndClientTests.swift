import APIModel
import DiscoveryCore
import Foundation
import Testing
import WebBridge

@testable import nexus_discovery

/// The client commands against the server that the daemon runs.
@Suite("server and client")
struct ServerAndClientTests {
  private static let backends = [
    Backend.example("gpu-box-01") { $0.models = ["llama3:8b"] },
    Backend.example("größe 😀 \u{202E}\n") { $0.type = .vllm },
  ]

  private func withServer(_ body: (WebServer, String) async throws -> Void) async throws {
    let directory = NSTemporaryDirectory() + "cli-\(UUID().uuidString.prefix(8))"
    let socket = directory + "/api.sock"
    let server = try await Self.start(at: socket, revision: 4, Self.backends)
    defer {
      server.stop()
      try? FileManager.default.removeItem(atPath: directory)
    }
    try await body(server, socket)
  }

  private static func start(at socket: String, revision: UInt64, _ backends: [Backend]) async throws
    -> WebServer
  {
    let server = try WebServer(
      WebServer.Setup(
        socketPath: socket,
        identity: .init(version: Product.version, pid: 1, started: FixedClock().now()),
        clock: FixedClock()))
    await server.publish(
      RegistryUpdate(
        content: .snapshot(RegistrySnapshot(revision: revision, backends: backends)), sources: []))
    server.setReady(.ready)
    return server
  }

  @Test("every client command finds its answer")
  func commands() async throws {
    try await withServer { _, socket in
      func run(_ arguments: String...) async -> ToolRun {
        await ToolRun(arguments, environment: ["NEXUS_SOCKET": socket])
      }
      let list = await run("list", "--json")
      let documents = try JSONText.decode([BackendDocument].self, from: Array(list.output.utf8))
      #expect(documents == Self.backends.map { BackendDocument($0) })
      #expect(list.output.split(separator: "\n").count == 1)
      let filtered = await run("list", "--type", "vllm", "--type=exo", "--names")
      #expect(filtered.output == "größe 😀 \\u{202E}\\n\n")
      #expect(await run("list", "--model", "a b").errors == "no backend matches\n")
      let show = await run("show", "größe 😀 \\u{202E}\\n", "--json")
      let shown = try JSONText.decode(BackendDocument.self, from: Array(show.output.utf8))
      #expect(shown == documents[1])
      let models = await run("models", "--json", "--type", "ollama")
      #expect(
        try JSONText.decode([ModelDocument].self, from: Array(models.output.utf8))
          == [ModelDocument(id: "llama3:8b", ownedBy: "ollama", backends: [documents[0].id])])
      #expect(await run("models").output.contains("llama3:8b  gpu-box-01  ollama\n"))
      #expect(await run("models", "--type", "vllm").errors == "no model matches\n")
      let status = await run("status", "--json")
      #expect(
        try JSONText.decode(StatusDocument.self, from: Array(status.output.utf8)).revision == 4)
      #expect(await run("status").status == .done)
      #expect(await run("refresh").status == .done)
    }
  }

  @Test("watch tells what is there, then each change, then what changed while the daemon was gone")
  func watch() async throws {
    let tool = try #require(BuiltTool.url)
    try await withServer { server, socket in
      let (output, errors) = (Pipe(), Pipe())
      let process = Process()
      process.executableURL = tool
      process.arguments = ["watch", "--json", "--socket", socket]
      process.standardOutput = output
      process.standardError = errors
      try process.run()
      let present = Self.lines(2, from: output)
      #expect(present.allSatisfy { $0.hasPrefix("{\"event\":\"present\",\"revision\":4,") })
      await server.publish(
        RegistryUpdate(
          content: .changes([
            RegistryChange(revision: 5, kind: .removed, backend: Self.backends[0])
          ]), sources: []))
      let removed = Self.lines(1, from: output)
      #expect(removed.first?.hasPrefix("{\"event\":\"removed\",\"revision\":5,") == true)

      server.stop()
      let gone = "nexus-discovery: the daemon at \(socket) is gone; waiting for it"
      #expect(Self.lines(1, from: errors) == [gone])
      // Another one, which counts otherwise.
      let next = try await Self.start(at: socket, revision: 2, Self.backends)
      let added = Self.lines(1, from: output)
      #expect(added.first?.hasPrefix("{\"event\":\"added\",\"revision\":2,") == true)
      #expect(Self.lines(1, from: errors) == ["nexus-discovery: the daemon at \(socket) is back"])

      next.stop()
      #expect(Self.lines(1, from: errors) == [gone])
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal)
      #expect(process.terminationStatus == SIGINT)
    }
  }

  @Test("watch ends by itself when nobody reads it, though nothing happens")
  func unread() async throws {
    let tool = try #require(BuiltTool.url)
    try await withServer { _, socket in
      let output = Pipe()
      let process = Process()
      process.executableURL = tool
      process.arguments = ["watch", "--socket", socket]
      process.standardOutput = output
      try process.run()
      try output.fileHandleForWriting.close()
      #expect(Self.lines(2, from: output).count == 2)
      try output.fileHandleForReading.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }

  /// The next `count` lines that come, or fewer when they end before.
  private static func lines(_ count: Int, from pipe: Pipe) -> [String] {
    var text = ""
    while text.utf8.filter({ $0 == 0x0A }).count < count {
      let data = pipe.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      text += String(decoding: data, as: UTF8.self)
    }
    return text.split(separator: "\n").map(String.init)
  }
}
