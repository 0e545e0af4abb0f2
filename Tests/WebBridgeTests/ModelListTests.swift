import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Testing
import WebBridge

@Suite("GET /v1/models")
struct ModelListTests {
  private func answer(
    _ target: String, from model: ReadModel, method: String = "GET"
  ) throws -> HTTPResponse {
    let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
    let request = HTTPRequest(
      method: method, path: parts[0], query: parts.count > 1 ? parts[1] : nil)
    return Router.answer(
      request, by: .local(mayChange: false), from: model, at: noon
    ).response
  }

  private func models(
    _ backends: [Backend], _ target: String = "/v1/models"
  ) throws -> [ModelDocument] {
    let model = newModel()
    model.apply(snapshot(1, backends), at: noon)
    let response = try answer(target, from: model)
    #expect(response.status == .ok)
    let list = try JSONText.decode(ModelListDocument.self, from: response.body.bytes)
    #expect(list.object == "list")
    return list.data
  }

  private func healthy(
    _ name: String, priority: Int = 50, type: BackendType = .ollama, models: [String]
  ) -> Backend {
    var one = backend(
      name, priority: priority, type: type, status: .healthy, models: models)
    one.lastCheck = HealthReport(at: noon.wall, latency: .milliseconds(3), error: nil)
    return one
  }

  @Test("has OpenAI's form, sorted by id, with the backends in listing order")
  func form() throws {
    let (first, second) = (
      healthy("z", priority: 1, type: .vllm, models: ["b", "a/b:c"]), healthy("a", models: ["b"])
    )
    let model = newModel()
    model.apply(snapshot(1, [second, first]), at: noon)
    let response = try answer("/v1/models", from: model)
    #expect(
      String(decoding: response.body.bytes, as: UTF8.self)
        == "{\"data\":[{\"backends\":[\"\(first.id)\"],\"created\":0,\"id\":\"a/b:c\","
        + "\"object\":\"model\",\"owned_by\":\"vllm\"},"
        + "{\"backends\":[\"\(first.id)\",\"\(second.id)\"],\"created\":0,\"id\":\"b\","
        + "\"object\":\"model\",\"owned_by\":\"vllm\"}],\"object\":\"list\"}")
    #expect(response.contentType == "application/json")
    let head = try answer("/v1/models", from: model, method: "HEAD")
    #expect(head.body.bytes == response.body.bytes)
    #expect(try answer("/v1/models", from: model, method: "POST").status == .methodNotAllowed)
  }

  @Test("of nothing is an empty list")
  func empty() throws {
    #expect(try models([]) == [])
    #expect(try models([healthy("a", models: [])]) == [])
  }

  @Test("has those who answer checks, then those whom no check has spoken of, and no others")
  func statuses() throws {
    let check = HealthReport(at: noon.wall, latency: nil, error: "connection refused")
    var unhealthy = backend("unhealthy", status: .unhealthy, models: ["m", "only-unhealthy"])
    unhealthy.lastCheck = check
    var failing = backend("failing", models: ["m", "only-failing"])
    failing.lastCheck = check
    var gone = healthy("gone", models: ["m"])
    gone.expiresAt = noon.wall
    var stale = backend("stale", models: ["m"])
    stale.isStale = true
    var staleHealthy = healthy("stale-healthy", models: ["m"])
    staleHealthy.isStale = true
    let unchecked = backend("unchecked", priority: 1, models: ["m", "only-unchecked"])
    let listed = try models([unhealthy, failing, gone, stale, staleHealthy, unchecked])
    #expect(
      listed == [
        ModelDocument(
          id: "m", ownedBy: "ollama",
          backends: [staleHealthy.id.description, unchecked.id.description]),
        ModelDocument(
          id: "only-unchecked", ownedBy: "ollama", backends: [unchecked.id.description]),
      ])
  }

  @Test(
    "is narrowed by the filters of backends, and by model",
    arguments: [
      ("type=vllm", ["m vllm v", "n vllm v"]), ("type=ollama,vllm", ["m ollama ov", "n vllm v"]),
      ("model=m", ["m ollama ov"]), ("model=m&type=ollama", ["m ollama o"]), ("source=static", []),
      ("status=unknown", []), ("type=", ["m ollama ov", "n vllm v"]),
    ])
  func filters(query: String, expected: [String]) throws {
    let backends = [
      healthy("o", models: ["m"]), healthy("v", type: .vllm, models: ["m", "n"]),
    ]
    let names = Dictionary(uniqueKeysWithValues: backends.map { ($0.id.description, $0.name) })
    let listed = try models(backends, "/v1/models?\(query)")
    let told = listed.map { model in
      "\(model.id) \(model.ownedBy) \(model.backends.compactMap { names[$0] }.joined())"
    }
    #expect(told == expected)
  }

  @Test("refuses a query that is no filter")
  func badQuery() throws {
    #expect(try answer("/v1/models?tpye=x", from: newModel()).status == .badRequest)
  }

  @Test("shows what documents would, whatever the names of models are")
  func names() throws {
    let names = [
      "a\"b\\c/d\n\t\u{0}\u{1F}\u{7F}", "größe 😀", "\u{202E}evil\u{2066}\u{FEFF}", "", "e\u{301}",
      String(repeating: "long", count: 100),
    ]
    let subject = healthy("a", models: names + ["größe 😀"])
    let model = newModel()
    model.apply(snapshot(1, [subject]), at: noon)
    let documents = names.sorted().map {
      ModelDocument(id: $0, ownedBy: "ollama", backends: [subject.id.description])
    }
    let expected = try JSONText.encode(ModelListDocument(documents))
    #expect(try answer("/v1/models", from: model).body.bytes == expected)
  }

  @Test("follows every change and every check", arguments: [1, 2, 3, 4, 5, 6])
  func property(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let model = newModel()
    var plain: [BackendID: Backend] = [:]
    for revision in 1...1500 as ClosedRange<UInt64> {
      var subject = backend(
        "b\(Int.random(in: 0..<12, using: &generator))",
        priority: Int.random(in: 1...2, using: &generator),
        type: Bool.random(using: &generator) ? .ollama : .vllm,
        status: BackendStatus.allCases.randomElement(using: &generator) ?? .unknown,
        models: ["m1", "m2", "m3"].filter { _ in Bool.random(using: &generator) })
      subject.isStale = Int.random(in: 0..<8, using: &generator) == 0
      let check = HealthReport(at: noon.wall, latency: nil, error: nil)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0:
        model.apply(
          changes([RegistryChange(revision: revision, kind: .removed, backend: subject)]), at: noon)
        plain[subject.id] = nil
      case 1, 2:
        // One that is no change.
        model.apply(
          RegistryUpdate(content: .changes([]), sources: [], checks: [subject.id: check]), at: noon)
        plain[subject.id]?.lastCheck = check
      default:
        subject.expiresAt = Int.random(in: 0..<8, using: &generator) == 0 ? noon.wall : nil
        model.apply(
          changes([RegistryChange(revision: revision, kind: .updated, backend: subject)]), at: noon)
        plain[subject.id] = subject
      }
      guard Int.random(in: 0..<3, using: &generator) == 0 else { continue }
      let whole = model.backends.modelList()
      let expected = try JSONText.encode(ModelListDocument(Self.expected(plain)))
      #expect(whole.bytes == expected, "seed \(seed), revision \(revision)")
      #expect(model.backends.isModelListHeld)
      #expect(model.backends.find(subject.id.description)?.backend == plain[subject.id])
    }
  }

  /// What must be listed, written out plainly.
  private static func expected(_ backends: [BackendID: Backend]) -> [ModelDocument] {
    let listed = backends.values.sorted(by: Backend.isListedBefore).filter { $0.expiresAt == nil }
    let serving =
      listed.filter { $0.status == .healthy }
      + listed.filter { $0.status == .unknown && $0.lastCheck == nil && !$0.isStale }
    return Set(serving.flatMap(\.models)).sorted().map { id in
      let servers = serving.filter { $0.models.contains(id) }
      return ModelDocument(
        id: id, ownedBy: servers[0].type.rawValue, backends: servers.map(\.id.description))
    }
  }

  @Test("is refused while slow clients hold too much, unless it is held already")
  func overload() throws {
    let model = newModel(lists: 0)
    model.apply(snapshot(1, [healthy("a", models: ["m"])]), at: noon)
    let held = try answer("/v1/models", from: model)
    #expect(held.status == .ok)
    #expect(try answer("/v1/models", from: model).status == .ok)
    #expect(try answer("/v1/models?type=ollama", from: model).status == .serviceUnavailable)
    #expect(held.body.bytes.count > 0)
  }

  @Test("is the same over a socket")
  func served() throws {
    let server = try TestServer()
    server.server.setReady(.ready)
    let response = try server.client.get("/v1/models")
    #expect(response.status == 200)
    #expect(response.text == "{\"data\":[],\"object\":\"list\"}")
  }
}
