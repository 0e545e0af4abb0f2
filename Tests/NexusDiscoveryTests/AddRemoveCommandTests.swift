import APIModel
import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("add and remove")
struct AddRemoveCommandTests {
  private static let box = BackendDocument.example("box") { $0.source = .runtime }

  private static func answer(_ status: Int, _ document: some Encodable) throws -> String {
    FakeDaemon.json(status, String(decoding: try JSONText.encode(document), as: UTF8.self))
  }

  private func run(
    _ arguments: [String], answers: [String: String]
  ) async throws -> (run: ToolRun, requests: [String]) {
    let daemon = try FakeDaemon(answers)
    defer { daemon.stop() }
    let run = await ToolRun(arguments + ["--socket", daemon.socket])
    return (run, daemon.requests)
  }

  @Test("add says what was added, or changed; --json prints the backend")
  func add() async throws {
    for (status, word) in [(201, "added"), (200, "changed")] {
      let answers = ["/v1/backends": try Self.answer(status, Self.box)]
      let (run, requests) = try await run(["add", "http://10.0.0.5:11434"], answers: answers)
      #expect(run.output == "\(word) box at http://10.0.0.5:11434\n")
      #expect(run.status == .done)
      #expect(requests == ["POST /v1/backends"])
      let json = try await self.run(["add", "http://a", "--json"], answers: answers).run
      #expect(try JSONText.decode(BackendDocument.self, from: Array(json.output.utf8)) == Self.box)
    }
  }

  @Test("a refusal is told in the daemon's words")
  func refused() async throws {
    let refusal = try Self.answer(409, ErrorDocument(code: "conflict", message: "it is taken"))
    let (run, _) = try await run(["add", "http://a"], answers: ["/v1/backends": refusal])
    #expect(run.errors == "nexus-discovery: the daemon refused: it is taken\n")
    #expect(run.status == .failed)
  }

  @Test(
    "wrong arguments are known before the daemon is asked",
    arguments: [
      (["add"], "URL is missing"), (["add", "10.0.0.5"], "a URL begins with http://"),
      (["add", "http://a", "--priority", "x"], "is no whole number from 0 to 1000000"),
      (["add", "http://a", "--priority=-1"], "is no whole number from 0 to 1000000"),
      (["add", "http://a", "--name", "a\tb"], "must not hold control characters"),
      (["add", "http://a", "--type", "olama"], "did you mean \"--type=ollama\"?"),
      (["remove"], "NAME|ID is missing"),
    ])
  func wrongUsage(arguments: [String], expected: String) async throws {
    let run = await ToolRun(arguments)
    #expect(run.status == .wrongUsage)
    #expect(run.errors.contains(expected), "\(run.errors)")
  }

  @Test("remove finds the backend as show does, and names it by its id")
  func remove() async throws {
    let list = try Self.answer(
      200, BackendListDocument(revision: 1, backends: [Self.box, .example("other")]))
    let answers = [
      "/v1/backends": list, "/v1/backends/\(Self.box.id)": "HTTP/1.1 204 No Content\r\n\r\n",
    ]
    for name in ["box", "BOX", String(Self.box.id.prefix(8))] {
      let (run, requests) = try await run(["remove", name], answers: answers)
      #expect(run.output == "removed box\n" && run.status == .done, "\(run.errors)")
      #expect(requests == ["GET /v1/backends", "DELETE /v1/backends/\(Self.box.id)"])
    }
    let unknown = try await run(["remove", "bix"], answers: answers)
    #expect(unknown.run.errors.contains("did you mean \"box\"?"))
    #expect(unknown.run.status == .failed)
    // It may have been added as one with another, whose name is shown.
    #expect(unknown.requests == ["GET /v1/backends", "DELETE /v1/backends/bix"])
  }

  @Test("without a daemon it is status 3")
  func noDaemon() async {
    for arguments in [["add", "http://a"], ["remove", "x"]] {
      let run = await ToolRun(arguments + ["--socket", "/nonexistent/api.sock"])
      #expect(run.status == .noDaemon)
    }
  }
}
