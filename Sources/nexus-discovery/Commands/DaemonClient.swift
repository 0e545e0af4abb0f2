import APIModel
import WebBridge

/// The daemon, as commands ask it: every failure is already in words for people.
package struct DaemonClient: Sendable {
  /// Path of the daemon's Unix socket.
  package let socket: String
  private let client: APIClient

  /// All backends of an answer, with the very bytes that came.
  package struct Backends: Sendable {
    package let document: BackendListDocument
    /// The JSON array.
    package let array: [UInt8]

    /// The JSON of each backend, in the document's order.
    package var elements: [[UInt8]] { JSONSlices.elements(of: array) }
  }

  /// The daemon at `--socket`, else `$NEXUS_SOCKET`, else the usual place.
  package init(_ arguments: ParsedArguments, _ console: Console) {
    let environment = console.environment("NEXUS_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    socket = arguments.value(of: .socket) ?? environment ?? Product.socket
    client = APIClient(socket: socket)
  }

  package func backends(query: [(name: String, value: String)] = []) throws -> Backends {
    let pairs = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
    let path = "/v1/backends" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    let body = try send("GET", path)
    let document = try decode(BackendListDocument.self, from: body)
    return Backends(document: document, array: JSONSlices.value(of: "backends", in: body) ?? [])
  }

  package func status() throws -> (document: StatusDocument, body: [UInt8]) {
    let body = try send("GET", "/v1/status")
    return (try decode(StatusDocument.self, from: body), body)
  }

  package func refresh() throws {
    _ = try send("POST", "/v1/refresh")
  }

  /// Hands on each server-sent event (its name, id and data); ends only by throwing.
  package func watch(
    onEvent: (_ event: String, _ id: String?, _ data: [UInt8]) throws -> Void
  ) throws {
    do {
      try client.watch("/v1/watch", lastEventID: nil) { event in
        try onEvent(event.name, event.id, Array(event.data.utf8))
        return true
      }
    } catch let error as DecodingError {
      throw misunderstood(error)
    } catch APIClientError.disconnected {
      throw CommandFailure("the daemon at \(socket) ended", status: .noDaemon)
    } catch APIClientError.timedOut {
      throw CommandFailure("the daemon at \(socket) says nothing any more", status: .noDaemon)
    } catch let error as APIClientError {
      throw failure(error)
    }
  }

  private func send(_ method: String, _ path: String) throws -> [UInt8] {
    let response: APIResponse
    do {
      response = try client.send(method, path)
    } catch {
      throw failure(error)
    }
    guard !(200..<300).contains(response.status) else { return response.body }
    throw refusal(status: response.status, body: response.body)
  }

  private func decode<Document: Decodable>(
    _ type: Document.Type, from body: [UInt8]
  ) throws(CommandFailure) -> Document {
    do {
      return try JSONText.decode(type, from: body)
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

  private func misunderstood(_ error: any Error) -> CommandFailure {
    CommandFailure("the daemon at \(socket) gave an answer that is not understood: \(error)")
  }
}
