import DiscoveryCore

/// What a request gets: an answer, and for some requests something that has to be done.
package struct Answer: Sendable {
  package enum Effect: Hashable, Sendable {
    /// Ask the network again.
    case refresh
    /// The answer goes on with events, after this revision or else with a snapshot.
    case watch(after: UInt64?)
    /// What is answered is for others to decide.
    case order(APIOrder)
  }

  package var response: HTTPResponse
  package var effect: Effect?

  package init(_ response: HTTPResponse, effect: Effect? = nil) {
    self.response = response
    self.effect = effect
  }
}

/// The API: from a request and what is known to an answer.
package enum Router {
  private enum Route {
    case backends
    /// The id or name, percent-encoded.
    case backend(Substring)
    case models
    case status
    case watch
    case refresh
    case reload
    case healthz
    case readyz
    case metrics
    case openAPI

    init?(path: String) {
      switch path {
      case "/v1/backends": self = .backends
      case "/v1/models": self = .models
      case "/v1/status": self = .status
      case "/v1/watch": self = .watch
      case "/v1/refresh": self = .refresh
      case "/v1/reload": self = .reload
      case "/healthz": self = .healthz
      case "/readyz": self = .readyz
      case "/metrics": self = .metrics
      case "/openapi.yaml": self = .openAPI
      default:
        let prefix = "/v1/backends/"
        guard path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else { return nil }
        self = .backend(path.dropFirst(prefix.count))
      }
    }

    var methods: [String] {
      switch self {
      case .refresh, .reload: ["POST"]
      case .backends: ["GET", "HEAD", "POST"]
      case .backend: ["GET", "HEAD", "DELETE"]
      default: ["GET", "HEAD"]
      }
    }

    /// True when `method` changes what the daemon knows; asking the network again does not.
    func changesState(by method: String) -> Bool {
      if case .refresh = self { return false }
      return !Requester.readingMethods.contains(method)
    }
  }

  /// The answer to `request` at `now`; for HEAD the one to GET, whose body is not sent.
  package static func answer(
    _ request: HTTPRequest, by requester: Requester, from model: ReadModel, at now: Moment
  ) -> Answer {
    guard let route = Route(path: request.path) else {
      guard HTTPRequest.knownMethods.contains(request.method) else {
        return Answer(methodNotAllowed(request.method, allowed: HTTPRequest.knownMethods))
      }
      return Answer(.error(.notFound, "there is nothing at this path"))
    }
    guard route.methods.contains(request.method) else {
      return Answer(methodNotAllowed(request.method, allowed: route.methods))
    }
    if let refusal = requester.refusal(
      of: request.method, changesState: route.changesState(by: request.method))
    {
      return Answer(refusal)
    }
    switch route {
    case .backends where request.method == "POST": return add(request)
    case .backend(let encoded) where request.method == "DELETE":
      return remove(encoded)
    case .backends: return Answer(backends(query: request.query ?? "", from: model))
    case .backend(let encoded): return Answer(backend(encoded, from: model))
    case .models: return Answer(models(query: request.query ?? "", from: model))
    case .status:
      return Answer(HTTPResponse(.ok, .bytes(JSONBytes.encode(model.status(at: now)))))
    case .watch: return watch(request, from: model)
    case .refresh: return Answer(word(.accepted, "accepted"), effect: .refresh)
    case .reload: return Answer(.reload)
    case .healthz: return Answer(word(.ok, "ok"))
    case .readyz:
      switch model.readiness {
      case .ready: return Answer(word(.ok, "ready"))
      case .notReady(let reason):
        return Answer(.error(.serviceUnavailable, code: "not_ready", reason))
      }
    case .metrics:
      var response = HTTPResponse(.ok, .bytes(model.metrics()))
      response.contentType = MetricsText.contentType
      return Answer(response)
    case .openAPI:
      var response = HTTPResponse(.ok, .bytes(PackageResources.openapi_yaml))
      response.contentType = "application/yaml"
      return Answer(response)
    }
  }

  private static func backends(query: String, from model: ReadModel) -> HTTPResponse {
    do {
      let filter = try BackendFilter(query: query)
      let isFree = filter.isEmpty && model.backends.isListHeld
      guard isFree || model.backends.hasRoom else { return overloaded }
      let list = filter.isEmpty ? model.backends.list() : model.backends.list(matching: filter)
      return HTTPResponse(.ok, .shared(list))
    } catch {
      return .error(.badRequest, error.message)
    }
  }

  private static func models(query: String, from model: ReadModel) -> HTTPResponse {
    do {
      let filter = try BackendFilter(query: query)
      let isFree = filter.isEmpty && model.backends.isModelListHeld
      guard isFree || model.backends.hasRoom else { return overloaded }
      return HTTPResponse(
        .ok,
        .shared(
          filter.isEmpty
            ? model.backends.modelList() : model.backends.modelList(matching: filter)))
    } catch {
      return .error(.badRequest, error.message)
    }
  }

  private static func backend(_ encoded: Substring, from model: ReadModel) -> HTTPResponse {
    guard let name = PercentEncoding.decode(encoded) else {
      return .error(.badRequest, "the path is not properly percent-encoded")
    }
    guard let entry = model.backends.find(name) else {
      return .error(.notFound, "there is no backend \"\(name)\"")
    }
    return HTTPResponse(.ok, .bytes(Array(entry.json)))
  }

  /// Instead of a list that would have to be held for a client that may take it slowly.
  private static var overloaded: HTTPResponse {
    .error(
      .serviceUnavailable, code: "overloaded", "too many clients take their lists too slowly")
  }

  private static func watch(_ request: HTTPRequest, from model: ReadModel) -> Answer {
    let revision = request[header: "last-event-id"].flatMap(revision)
    guard model.hasRoom(forReaderAfter: revision) else { return Answer(overloaded) }
    var response = HTTPResponse(.ok, .stream)
    response.contentType = "text/event-stream"
    guard request.method == "GET" else { return Answer(response) }
    return Answer(response, effect: .watch(after: revision))
  }

  /// The revision that an event's id is; nil for what is none of ours.
  private static func revision(of id: String) -> UInt64? {
    id.utf8.allSatisfy(Ascii.digits.contains) ? UInt64(id) : nil
  }

  private static func methodNotAllowed(_ method: String, allowed: [String]) -> HTTPResponse {
    let list = allowed.joined(separator: ", ")
    var response = HTTPResponse.error(
      .methodNotAllowed, "\(method) is not possible here; there is \(list)")
    response.allow = list
    return response
  }

  static func word(_ status: HTTPStatus, _ word: String) -> HTTPResponse {
    HTTPResponse(status, .bytes(JSONBytes.encode(["status": word])))
  }
}
