import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct FingerprintTests {
  /// The table of the field, with the version that each type tells.
  static let types: [(BackendType, String?)] = [
    (.localai, "v3.1.0"), (.koboldcpp, "1.92"), (.lmstudio, nil), (.exo, nil),
    (.llamacpp, "b4321-abcdef"), (.sglang, nil), (.vllm, "0.9.1"), (.ollama, "0.5.7"),
    (.tabbyapi, nil), (.openAICompatible, nil),
  ]

  @Test("each type is told from all others, with its version and models", arguments: types)
  func isTold(type: BackendType, version: String?) {
    var server = CannedServer.typical(type)
    let verdict = server.check()
    #expect(verdict.condition == .well(remark: nil))
    #expect(verdict.findings == Findings(type: type, version: version, models: ["a", "b"]))
    #expect(verdict.answeredBy == .of("10.0.0.5"))
    #expect(verdict.latency == .milliseconds(3))
  }

  @Test("a claim that holds is confirmed", arguments: types)
  func claimHolds(type: BackendType, version: String?) {
    var server = CannedServer.typical(type)
    let verdict = server.check(claim: type)
    #expect(verdict.condition == .well(remark: nil))
    #expect(verdict.findings == Findings(type: type, version: version, models: ["a", "b"]))
  }

  @Test("a known type costs one request", arguments: types)
  func oneRequest(type: BackendType, version: String?) {
    var server = CannedServer.typical(type)
    let known = server.check().findings
    let again = server.check(known: known)
    #expect(server.asked.count == 1)
    #expect(again.findings == known)
    #expect(again.condition == .well(remark: nil))
  }

  @Test("a claim of a type that none borrows from is asked about first")
  func claimFirst() {
    var server = CannedServer.typical(.llamacpp)
    _ = server.check(claim: .llamacpp)
    #expect(server.asked == ["/props", "/v1/models"])
  }

  @Test(
    "who answers Ollama's paths is not taken for Ollama, whatever is claimed",
    arguments: [BackendType.localai, .koboldcpp, .llamacpp])
  func emulators(type: BackendType) {
    var server = CannedServer.typical(type)
    let verdict = server.check(claim: .ollama)
    #expect(verdict.findings?.type == type)
    #expect(
      verdict.condition == .well(remark: "answers as \(type.rawValue), not as ollama"))
  }

  @Test("openai-compatible is neither contradicted by one that is, nor contradicts one")
  func generic() {
    var vllm = CannedServer.typical(.vllm)
    #expect(vllm.check(claim: .openAICompatible).condition == .well(remark: nil))
    #expect(vllm.check(claim: .openAICompatible).findings?.type == .vllm)
    var plain = CannedServer.openAI(owner: "me")
    #expect(plain.check(claim: .llamacpp).condition == .well(remark: nil))
    #expect(plain.check(claim: .llamacpp).findings?.type == .openAICompatible)
  }

  @Test(
    "behind a proxy that hides the rest, the owner of the models tells",
    arguments: [
      ("vllm", BackendType.vllm), ("llamacpp", .llamacpp), ("sglang", .sglang),
      ("koboldcpp", .koboldcpp), ("tabbyAPI", .tabbyapi), ("exo", .exo), ("library", .ollama),
      ("organization_owner", .lmstudio), ("openai", .openAICompatible), ("me", .openAICompatible),
    ])
  func owner(owner: String, type: BackendType) {
    var server = CannedServer.openAI(owner: owner)
    #expect(server.check().findings == Findings(type: type, models: ["a", "b"]))
  }

  @Test("a server is found out that took another one's place")
  func replaced() {
    var server = CannedServer.typical(.sglang)
    let verdict = server.check(known: Findings(type: .vllm, version: "0.9.1"))
    #expect(verdict.findings?.type == .sglang)
    #expect(verdict.findings?.version == nil)
    var ollama = CannedServer.typical(.ollama)
    ollama.answers["/v1/models"] = nil
    #expect(ollama.check(known: Findings(type: .koboldcpp)).findings?.type == .ollama)
  }

  @Test("older servers answer SGLang's former path or exo's former form")
  func olderForms() {
    var sglang = CannedServer.typical(.sglang)
    #expect(sglang.check(claim: .sglang).findings?.type == .sglang)
    #expect(sglang.asked == ["/model_info", "/get_model_info", "/v1/models"])
    var exo = CannedServer.typical(.exo)
    exo.answers["/node_id"] = (200, #"{"node_id":"n1"}"#)
    #expect(exo.check().findings?.type == .exo)
  }

  @Test("LMServ is asked nothing but for a connection")
  func lmserv() {
    var server = CannedServer.typical(.ollama)
    let verdict = server.check(claim: .lmserv)
    #expect(server.asked == ["connect"])
    #expect(verdict.condition == .well(remark: nil))
    #expect(verdict.findings == Findings())
  }

  // MARK: - Keys

  @Test("who wants a key is alive, and known as far as it tells")
  func wantsKey() {
    var vllm = CannedServer.typical(.vllm)
    vllm.answers["/v1/models"] = (401, "")
    #expect(vllm.check().condition == .well(remark: "needs a key"))
    #expect(vllm.check().findings == Findings(type: .vllm, version: "0.9.1"))
    #expect(
      vllm.check(claim: .ollama).condition
        == .well(remark: "answers as vllm, not as ollama, and needs a key"))
    let again = vllm.check(known: Findings(type: .vllm, version: "0.9.1", models: ["a"]))
    #expect(again.condition == .well(remark: "needs a key"))
    #expect(again.findings == Findings(type: .vllm, version: "0.9.1"))

    var closed = CannedServer([:])
    closed.otherwise = (403, "")
    #expect(closed.check().condition == .well(remark: "needs a key"))
    #expect(closed.check().findings == Findings())
    let known = closed.check(known: Findings())
    #expect(known.condition == .well(remark: "needs a key"))
    #expect(closed.asked.count == 1)
  }

  @Test("TabbyAPI is known by wanting a key for just what it has")
  func tabbyWantsKey() {
    var tabby = CannedServer([:], refusing: ["/v1/model", "/v1/models"])
    #expect(tabby.check().findings == Findings(type: .tabbyapi))
    #expect(tabby.check().condition == .well(remark: "needs a key"))
    var guarded = CannedServer([:], refusing: ["/v1/model", "/v1/models", "/v1/no-such-path"])
    #expect(guarded.check().findings == Findings())
    #expect(guarded.check().condition == .well(remark: "needs a key"))
  }

  // MARK: - Troubles

  @Test("a server that loads its model is alive but not ready")
  func loading() {
    var server = CannedServer([:])
    server.otherwise = (503, #"{"error":{"code":503,"message":"Loading model"}}"#)
    #expect(server.check().condition == .notReady("loading its model (HTTP 503)"))
    #expect(server.check().findings == nil)
    #expect(server.asked.count == 1)
    server.otherwise.body = ""
    #expect(server.check().condition == .notReady("not ready (HTTP 503)"))
  }

  @Test(
    "what is no list of models is named",
    arguments: [
      (500, "", "HTTP 500"), (502, "<html>", "HTTP 502"),
      (302, "", "HTTP 302, and redirects are not followed"),
      (200, #"{"models":["#, "not JSON at byte 11"), (200, "<html>", "not JSON at byte 0"),
    ])
  func badList(status: Int, body: String, sentence: String) {
    var server = CannedServer.typical(.ollama)
    server.answers["/api/tags"] = (status, body)
    server.answers["/v1/models"] = (status, body)
    #expect(server.check(claim: .ollama).condition == .failed(sentence))
    let known = Findings(type: .ollama, version: "0.5.7")
    #expect(server.check(claim: .ollama, known: known).condition == .failed(sentence))
  }

  @Test("who redirects everything is not well")
  func redirect() {
    var server = CannedServer([:])
    server.otherwise = (301, "")
    let verdict = server.check()
    #expect(verdict.condition == .failed("HTTP 301, and redirects are not followed"))
    #expect(verdict.answeredBy == .of("10.0.0.5"))
  }

  @Test("who answers as nobody does is alive, and asked but one question from then on")
  func unlike() {
    var server = CannedServer([:])
    let verdict = server.check(claim: .ollama)
    #expect(verdict.condition == .well(remark: "answers, but not as ollama does"))
    #expect(verdict.findings == Findings())
    #expect(
      server.check().condition == .well(remark: "answers, but as no known kind of server"))
    #expect(server.check(known: Findings()) == server.check())
    _ = server.check(known: Findings())
    #expect(server.asked == ["/v1/models"])
  }

  @Test("who was like nobody is looked at anew as soon as it lists models")
  func becomesKnown() {
    var server = CannedServer.typical(.vllm)
    #expect(server.check(known: Findings()).findings?.type == .vllm)
  }

  @Test("pages for people say nothing")
  func webApplication() {
    var server = CannedServer([:])
    server.otherwise = (200, "<!doctype html><title>App</title>")
    #expect(server.check().findings == Findings())
    #expect(
      server.check().condition == .well(remark: "answers, but as no known kind of server"))
    #expect(server.check(claim: .vllm).condition == .failed("not JSON at byte 0"))
  }

  @Test("a server under a proxy's prefix is asked there, and never at /v1/v1")
  func prefix() {
    var server = CannedServer.typical(.ollama)
    server.answers = Dictionary(
      uniqueKeysWithValues: server.answers.map { ("/ollama\($0.key)", $0.value) })
    #expect(server.check(apiPath: "/ollama").findings?.type == .ollama)
    #expect(server.check(apiPath: "/ollama/v1").findings?.type == .ollama)
    for path in ["", "/v1", "/api", "/x/v1"] {
      _ = server.check(apiPath: path)
      let paths = server.asked
      #expect(paths.allSatisfy { !$0.contains("/v1/v1") && !$0.contains("/api/api") })
    }
  }
}
