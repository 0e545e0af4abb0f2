import DiscoveryCore

extension Router {
  /// `POST /v1/backends`, by one who may.
  static func add(_ request: HTTPRequest) -> Answer {
    do {
      return Answer(.change(.add(try RuntimeBackends.Wish(body: request.body))))
    } catch {
      return Answer(.error(.badRequest, error.message))
    }
  }

  /// `DELETE /v1/backends/{id or name}`, by one who may.
  static func remove(_ encoded: Substring) -> Answer {
    guard let name = PercentEncoding.decode(encoded) else {
      return Answer(.error(.badRequest, "the path is not properly percent-encoded"))
    }
    return Answer(.change(.remove(name)))
  }

  /// The answer to an order, once it is known what came of it.
  package static func answer(
    to outcome: APIOrder.Outcome, from model: ReadModel
  ) -> HTTPResponse {
    switch outcome {
    case .added(let id): backend(id, .created, from: model)
    case .updated(let id): backend(id, .ok, from: model)
    case .removed: HTTPResponse(.noContent, .bytes([]))
    case .unknown(let name): .error(.notFound, "there is no backend \"\(name)\"")
    case .refused(let reason): .error(.conflict, reason)
    case .reloaded: word(.ok, "reloaded")
    case .rejected(let problems):
      .error(
        .unprocessableContent, code: "config_rejected",
        (["the configuration is wrong, and the old one stays in force"] + problems)
          .joined(separator: "\n"))
    }
  }

  private static func backend(
    _ id: BackendID, _ status: HTTPStatus, from model: ReadModel
  ) -> HTTPResponse {
    guard let entry = model.backends.find(id.description) else {
      return .error(.conflict, "it was added, and somebody has removed it again")
    }
    var response = HTTPResponse(status, .bytes(Array(entry.json)))
    response.location = "/v1/backends/\(id)"
    return response
  }
}

extension Answer {
  /// The answer to an order, which is given by others. Should they take too long it is what
  /// `response` says.
  init(_ order: APIOrder) {
    self.init(
      .error(
        .serviceUnavailable, code: "timeout",
        "the daemon is too busy to say what came of it: look before you ask again"),
      effect: .order(order))
  }
}
