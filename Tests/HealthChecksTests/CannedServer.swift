import DiscoveryCore
import DiscoveryTestKit

@testable import HealthChecks

/// A server that answers each path as it is told, and remembers what it was asked.
struct CannedServer {
  /// Path, with its query: status and body.
  var answers: [String: (status: Int, body: String)]
  /// What all other paths get.
  var otherwise = (status: 404, body: #"{"detail":"Not Found"}"#)
  private(set) var asked: [String] = []

  init(_ answers: [String: String], refusing refused: [String] = []) {
    self.answers = answers.mapValues { (200, $0) }
    for path in refused { self.answers[path] = (401, #"{"error":"Unauthorized"}"#) }
  }

  mutating func answer(_ request: ProbeRequest) -> ProbeResponse {
    guard case .get(let path) = request.question else {
      asked.append("connect")
      return ProbeResponse(status: 0, latency: .milliseconds(1))
    }
    asked.append(path)
    let (status, body) = answers[path] ?? otherwise
    return ProbeResponse(status: status, body: Array(body.utf8), latency: .milliseconds(3))
  }

  /// The verdict of a check of this server, whose questions it remembers alone.
  mutating func check(
    claim: BackendType = .unknown, apiPath: String = "", known: Findings? = nil
  ) -> ProbeVerdict {
    asked = []
    var probe = Probe.of(.at(["10.0.0.5"], claim: claim, apiPath: apiPath), known: known)
    var step = probe.begin(at: Moment.testStart.uptime)
    while case .send(let request) = step {
      step = probe.next(after: .success(answer(request)), at: Moment.testStart.uptime)
    }
    guard case .finish(let verdict) = step else { preconditionFailure("a probe ends") }
    return verdict
  }
}

extension CannedServer {
  private static func list(_ ids: [String], owner: String?) -> String {
    let owned = owner.map { #","owned_by":"\#($0)""# } ?? ""
    let data = ids.map { #"{"id":"\#($0)","object":"model"\#(owned)}"# }
    return #"{"object":"list","data":[\#(data.joined(separator: ","))]}"#
  }

  private static func tags(_ names: [String]) -> String {
    #"{"models":[\#(names.map { #"{"name":"\#($0)","size":1}"# }.joined(separator: ","))]}"#
  }

  static func openAI(owner: String? = nil) -> CannedServer {
    CannedServer(["/v1/models": list(["b", "a"], owner: owner)])
  }

  /// A server of `type` as it answers in the field, the paths that it borrows from Ollama included.
  static func typical(_ type: BackendType) -> CannedServer {
    var answers: [String: String] = [:]
    switch type {
    case .localai:
      answers["/.well-known/localai.json"] =
        #"{"version":"v3.1.0","endpoints":{"models":"/v1/models"}}"#
      answers["/version"] = #"{"version":"v3.1.0"}"#
      answers["/v1/models"] = list(["b", "a"], owner: nil)
      addOllamasPaths(to: &answers)
    case .koboldcpp:
      answers["/api/extra/version"] = #"{"result":"KoboldCpp","version":"1.92"}"#
      answers["/v1/models"] = list(["b", "a"], owner: "koboldcpp")
      addOllamasPaths(to: &answers)
    case .lmstudio:
      answers["/lmstudio-greeting"] = #"{"lmstudio":true}"#
      answers["/api/v0/models"] = #"{"data":[{"id":"b","type":"llm"},{"id":"a"}]}"#
      answers["/v1/models"] = list(["b", "a"], owner: "organization_owner")
    case .exo:
      answers["/node_id"] = #""12D3KooWExample""#
      answers["/state"] = "{}"
      answers["/v1/models?status=downloaded"] = list(["b", "a"], owner: "exo")
    case .llamacpp:
      answers["/props"] = #"{"build_info":"b4321-abcdef","total_slots":1}"#
      answers["/health"] = #"{"status":"ok"}"#
      answers["/v1/models"] = list(["b", "a"], owner: "llamacpp")
      addOllamasPaths(to: &answers)
    case .sglang:
      answers["/get_model_info"] = #"{"model_path":"/models/x","is_generation":true}"#
      answers["/v1/models"] = list(["b", "a"], owner: "sglang")
    case .vllm:
      answers["/version"] = #"{"version":"0.9.1"}"#
      answers["/v1/models"] = list(["b", "a"], owner: "vllm")
    case .ollama:
      answers["/v1/models"] = list(["b", "a"], owner: "library")
      addOllamasPaths(to: &answers)
      answers["/api/version"] = #"{"version":"0.5.7"}"#
    case .tabbyapi:
      answers["/v1/model"] = #"{"id":"a","object":"model","owned_by":"tabbyAPI"}"#
      answers["/v1/models"] = list(["b", "a"], owner: "tabbyAPI")
    case .openAICompatible, .lmserv, .unknown:
      answers["/v1/models"] = list(["b", "a"], owner: "me")
    }
    var server = CannedServer(answers)
    if type == .lmstudio {
      server.otherwise = (200, #"{"error":"Unexpected endpoint or method. (GET /x)"}"#)
    }
    return server
  }

  private static func addOllamasPaths(to answers: inout [String: String]) {
    answers["/"] = "Ollama is running"
    answers["/api/version"] = #"{"version":"0.0.0"}"#
    answers["/api/tags"] = tags(["b", "a"])
  }
}

extension Backend {
  /// A backend that the network named, for what a check needs to know of it.
  static func at(
    _ addresses: [String] = ["10.0.0.5"], id: String = "gpu1", host: String? = nil,
    port: UInt16 = 8080, claim: BackendType = .unknown, apiPath: String = "", own: Int = 0,
    scheme: URLScheme = .http
  ) -> Backend {
    let host = host ?? addresses.first ?? "gpu1.local"
    return Backend(
      id: BackendID(of: id, in: .dns), name: id,
      scheme: scheme, host: host, port: port, apiPath: apiPath, type: claim, claimedType: claim,
      status: .unknown, source: own > 0 ? .static : .mdns, sources: [.mdns], priority: 50,
      addresses: addresses.map(Address.of), ownAddressCount: own, models: [], txt: TXTRecord(),
      interfaces: [], isLocal: false, isStale: false, firstSeen: Moment.testStart.wall,
      lastSeen: Moment.testStart.wall)
  }
}

extension Probe {
  /// A check of `backend` that begins at the tests' start.
  static func of(
    _ backend: Backend, access: ProbeAccess = ProbeAccess(), known: Findings? = nil,
    timeout: Duration = .seconds(5)
  ) -> Probe {
    Probe(
      id: ID(backend: backend.id, number: 1), target: CheckTarget(backend), access: access,
      known: known, timeout: timeout, at: Moment.testStart.uptime)
  }
}
