import APIModel
import DiscoveryCore
import WebBridge

/// The daemon does not answer, or not now: asking again later may help. `failure` is for a command
/// that does not wait.
package struct DaemonGone: Error {
  package let failure: CommandFailure
}

/// The daemon, as commands ask it: every failure is already in words for people.
package struct DaemonClient: Sendable {
  /// Path of the daemon's Unix socket.
  package let socket: String
  private let client: APIClient

  /// The documents of an answer, with the very bytes that came: so what a newer daemon says reaches
  /// scripts whole.
  package struct Documents: Sendable {
    /// Of each, in the answer's order.
    package let elements: [JSON]
    /// The JSON array.
    package let bytes: ArraySlice<UInt8>
    fileprivate let client: DaemonClient

    /// What the bytes say.
    package func read<Document: JSONReadable>(
      _ type: Document.Type
    ) throws(CommandFailure) -> [Document] {
      do throws(JSONMismatch) {
        return try elements.map { element throws(JSONMismatch) in try Document(element) }
      } catch {
        throw client.misunderstood(error)
      }
    }
  }

  /// The daemon at `--socket`, else `$NEXUS_SOCKET`, else the usual place.
  package init(_ arguments: ParsedArguments, _ console: Console) {
    let environment = console.environment("NEXUS_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    socket = arguments.value(of: .socket) ?? environment ?? Product.socket
    client = APIClient(socket: socket)
  }

  package func backends(query: [(name: String, value: String)] = []) throws -> Documents {
    try documents("backends", at: Self.path("/v1/backends", query))
  }

  /// What is served, by the backends that the query asks for.
  package func models(query: [(name: String, value: String)] = []) throws -> Documents {
    try documents("data", at: Self.path("/v1/models", query))
  }

  /// The documents under `key` of the answer.
  private func documents(_ key: String, at path: String) throws -> Documents {
    let answer = try decode(JSON.self, from: try send("GET", path))
    guard let array = answer[key], let elements = array.elements else {
      throw misunderstood(JSON.mismatch(key, "an array"))
    }
    return Documents(elements: elements, bytes: array.source, client: self)
  }

  /// Its JSON as it came, too.
  package func status() throws -> (document: StatusDocument, json: ArraySlice<UInt8>) {
    try decodeWithJSON(StatusDocument.self, from: try send("GET", "/v1/status"))
  }

  /// Adds a backend, or changes the one that was added with the same URL; its JSON as it came.
  package func add(
    _ backend: NewBackendDocument
  ) throws -> (document: BackendDocument, json: ArraySlice<UInt8>, isNew: Bool) {
    let answer = try exchange("POST", "/v1/backends", body: try JSONText.encode(backend))
    let (document, json) = try decodeWithJSON(BackendDocument.self, from: answer.body)
    return (document, json, answer.status == 201)
  }

  /// False when nothing of that id, or added by that name, is there.
  package func remove(_ idOrName: String) throws -> Bool {
    let response = try answer("DELETE", "/v1/backends/\(PercentEncoding.encode(idOrName))")
    guard response.status != 404 else { return false }
    try check(response)
    return true
  }

  package func refresh() throws {
    _ = try send("POST", "/v1/refresh")
  }

  /// Has the configuration read again: what is wrong with it, a line each; nothing when it is in
  /// force.
  package func reload() throws -> [String] {
    let response = try answer("POST", "/v1/reload")
    guard response.status == 422 else {
      try check(response)
      return []
    }
    return try decode(ErrorDocument.self, from: response.body).error.message
      .split(separator: "\n").map(String.init)
  }

  /// Throws `DaemonGone` unless the daemon is there and has taken up its work.
  package func requireReady() throws {
    let response: APIResponse
    do {
      response = try client.send("GET", "/readyz")
    } catch {
      throw streamFailure(error)
    }
    if response.status == 503 {
      throw DaemonGone(failure: refusal(status: response.status, body: response.body))
    }
  }

  /// Calls `onOpen` when the stream of events begins, and hands on each event (its name, id and
  /// data); `lastID` resumes after that one. Ends only by throwing: `DaemonGone` when the daemon may
  /// be back later.
  package func watch(
    after lastID: String?, onOpen: () -> Void,
    onEvent: (_ event: String, _ id: String?, _ data: [UInt8]) throws -> Void
  ) throws {
    do {
      try client.watch("/v1/watch", lastEventID: lastID, onOpen: onOpen) { event in
        try onEvent(event.name, event.id, Array(event.data.utf8))
        return true
      }
    } catch let error as JSONMismatch {
      throw misunderstood(error)
    } catch let error as APIClientError {
      throw streamFailure(error)
    }
  }

  private func streamFailure(_ error: APIClientError) -> any Error {
    switch error {
    case .disconnected:
      DaemonGone(failure: CommandFailure("the daemon at \(socket) ended", status: .noDaemon))
    case .timedOut:
      DaemonGone(
        failure: CommandFailure("the daemon at \(socket) says nothing any more", status: .noDaemon))
    case .noDaemon, .refused(status: 503, _): DaemonGone(failure: failure(error))
    default: failure(error)
    }
  }

  private static func path(_ path: String, _ query: [(name: String, value: String)]) -> String {
    let pairs = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
    return path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  private func send(_ method: String, _ path: String) throws -> [UInt8] {
    try exchange(method, path).body
  }

  private func exchange(
    _ method: String, _ path: String, body: [UInt8] = []
  ) throws -> APIResponse {
    let response = try answer(method, path, body: body)
    try check(response)
    return response
  }

  private func answer(
    _ method: String, _ path: String, body: [UInt8] = []
  ) throws -> APIResponse {
    do {
      return try client.send(method, path, body: body)
    } catch {
      throw failure(error)
    }
  }

  private func check(_ response: APIResponse) throws {
    guard (200..<300).contains(response.status) else {
      throw refusal(status: response.status, body: response.body)
    }
  }

  private func decode<Document: JSONReadable>(
    _ type: Document.Type, from body: [UInt8]
  ) throws(CommandFailure) -> Document {
    do throws(JSONMismatch) {
      return try JSONText.decode(type, from: body)
    } catch {
      throw misunderstood(error)
    }
  }

  /// The document, and its JSON as it came.
  private func decodeWithJSON<Document: JSONReadable>(
    _ type: Document.Type, from body: [UInt8]
  ) throws(CommandFailure) -> (document: Document, json: ArraySlice<UInt8>) {
    let json = try decode(JSON.self, from: body)
    do throws(JSONMismatch) {
      return (try Document(json), json.source)
    } catch {
      throw misunderstood(error)
    }
  }

  // MARK: - Failures in words

  private func failure(_ error: APIClientError) -> CommandFailure {
    switch error {
    case .noDaemon(let path, let reason): NoDaemon.failure(socket: path, reason: reason)
    case .refused(let status, let body): refusal(status: status, body: body)
    default: CommandFailure("cannot talk to the daemon at \(socket): \(error)")
    }
  }

  private func refusal(status: Int, body: [UInt8]) -> CommandFailure {
    let reason = try? JSONText.decode(ErrorDocument.self, from: body).error.message
    return CommandFailure("the daemon refused: \(reason ?? "status \(status)")")
  }

  fileprivate func misunderstood(_ error: any Error) -> CommandFailure {
    CommandFailure("the daemon at \(socket) gave an answer that is not understood: \(error)")
  }
}
