import APIModel
import ConsoleBridge
import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("models")
struct ModelsCommandTests {
  private static let first = BackendDocument.example("gpu-box-01")
  private static let second = BackendDocument.example("nas") {
    $0.type = .vllm
    $0.status = .unknown
  }

  private static func text(_ document: some Encodable) throws -> String {
    String(decoding: try JSONText.encode(document), as: UTF8.self)
  }

  private static func answers(_ models: [ModelDocument]) throws -> [String: String] {
    [
      "/v1/models": FakeDaemon.json(200, try text(ModelListDocument(models))),
      "/v1/backends": FakeDaemon.json(
        200, try text(BackendListDocument(revision: 7, backends: [first, second]))),
    ]
  }

  private func run(
    _ arguments: [String], answers: [String: String], width: Int? = nil
  ) async throws -> (run: ToolRun, requests: [String]) {
    let daemon = try FakeDaemon(answers)
    defer { daemon.stop() }
    let run = await ToolRun(["models"] + arguments + ["--socket", daemon.socket], width: width)
    return (run, daemon.requests)
  }

  @Test("shows each model with the names of those who serve it, and the status that is not healthy")
  func table() async throws {
    let answers = try Self.answers([
      ModelDocument(
        id: "llama3:8b", ownedBy: "ollama", backends: [Self.first.id, Self.second.id]),
      ModelDocument(id: "qwen2:7b", ownedBy: "ollama", backends: [Self.first.id]),
      ModelDocument(
        id: "two\nlines", ownedBy: "exo", backends: ["0123abcd-0000-5000-8000-000000000000"]),
    ])
    let (run, requests) = try await run([], answers: answers)
    #expect(
      run.output == """
        MODEL       BACKENDS                   TYPE
        llama3:8b   gpu-box-01, nas (unknown)  ollama, vllm
        qwen2:7b    gpu-box-01                 ollama
        two\\nlines  0123abcd                   exo

        """)
    #expect(run.errors == "")
    #expect(run.status == .done)
    #expect(requests == ["GET /v1/models", "GET /v1/backends"])
  }

  @Test("--json is the daemon's own array, byte for byte, and asks for nothing else")
  func json() async throws {
    let array =
      "[{\"id\": \"a\", \"backends\":[],\"object\":\"model\", \"new\":1.0,"
      + "\"created\":0,\"owned_by\":\"vllm\"}]"
    let body = "{\"object\":\"list\",\"data\":\(array)}"
    let (run, requests) = try await run(
      ["--json", "--type", "VLLM", "--type=LM Studio"],
      answers: ["/v1/models": FakeDaemon.json(200, body)])
    #expect(run.output == array + "\n")
    #expect(run.errors == "")
    #expect(requests == ["GET /v1/models?type=vllm&type=lmstudio"])
  }

  @Test("of nothing is no failure")
  func nothing() async throws {
    let answers = try Self.answers([])
    let plain = try await run([], answers: answers)
    #expect(plain.run.output == "" && plain.run.errors == "no models\n")
    #expect(plain.run.status == .done && plain.requests == ["GET /v1/models"])
    let filtered = try await run(["--type", "vllm"], answers: answers).run
    #expect(filtered.errors == "no model matches\n" && filtered.status == .done)
    let json = try await run(["--json"], answers: answers).run
    #expect(json.output == "[]\n" && json.errors == "" && json.status == .done)
  }

  @Test("without a daemon, or with one that does not know models, is a failure in one line")
  func failures() async throws {
    let none = await ToolRun(["models", "--socket", "/nonexistent/api.sock"])
    #expect(none.status == .noDaemon && none.output == "")
    let old = try await run([], answers: [:]).run
    #expect(old.status == .failed)
    #expect(old.errors == "nexus-discovery: the daemon refused: no\n")
    let type = try await run(["--type", "olama"], answers: [:]).run
    #expect(type.status == .wrongUsage)
    #expect(type.errors.contains("did you mean \"--type=ollama\"?"))
  }

  @Test(
    "no line is wider than the terminal, and the model is the last to give way", arguments: 1...90)
  func narrow(width: Int) {
    let models = TableTests.names.map {
      ModelDocument(
        id: $0 + " model:70b", ownedBy: "vllm", backends: [Self.first.id, Self.second.id])
    }
    let lines = ModelTable.table(of: models, servedBy: [Self.first, Self.second])
      .lines(width: width, styled: false)
    #expect(lines.count == models.count + 1)
    #expect(lines.allSatisfy { DisplayWidth.of($0) <= width })
    if width >= 5 { #expect(lines[0].hasPrefix("MODEL")) }
  }
}
