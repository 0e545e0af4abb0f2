import APIModel
import DiscoveryCore
import Foundation
import Synchronization
import Testing
import WebBridge

/// The orders that a server was given, with the tickets to answer them by.
private final class OrderBook: Sendable {
  private let taken = Mutex<[(APIOrder, APIOrder.Ticket)]>([])
  /// Once for each order.
  private let arrivals = DispatchSemaphore(value: 0)

  func take(_ order: APIOrder, _ ticket: APIOrder.Ticket) -> Bool {
    taken.withLock { $0.append((order, ticket)) }
    arrivals.signal()
    return true
  }

  var orders: [APIOrder] { taken.withLock { $0.map(\.0) } }

  /// The ticket of the order with this number, which comes within a minute.
  func ticket(_ index: Int) throws -> APIOrder.Ticket {
    while true {
      let ticket = taken.withLock { $0.indices.contains(index) ? $0[index].1 : nil }
      if let ticket { return ticket }
      guard arrivals.wait(timeout: .now() + 60) == .success else { throw POSIXError(.ETIMEDOUT) }
    }
  }
}

@Suite("Orders", .serialized, .timeLimit(.minutes(5)))
struct OrderTests {
  private let book = OrderBook()

  private func newServer(
    _ configure: (inout WebServer.Limits) -> Void = { _ in }
  ) throws -> TestServer {
    try TestServer(setup: { [book] setup in
      setup.onOrder = { book.take($0, $1) }
      configure(&setup.limits)
    })
  }

  private func post(_ body: String) -> String {
    "POST /v1/backends HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static let gpu = backend("gpu", sources: [.runtime])

  @Test("an order is answered when what came of it is known here, and not before")
  func waitsForRevision() async throws {
    let server = try newServer()
    await server.server.publish(snapshot(7, []))
    let connection = try RawConnection(server.path)
    connection.send(post(#"{"url": "http://10.0.0.5:11434", "name": "gpu"}"#))
    let ticket = try book.ticket(0)
    server.server.answer(ticket, .added(Self.gpu.id), at: 8)
    // Another's answer is a sign that this one was looked at.
    #expect(try server.client.get("/healthz").status == 200)
    await server.server.publish(
      changes([RegistryChange(revision: 8, kind: .added, backend: Self.gpu)]))
    let text = connection.receive { $0.hasSuffix("}") }
    #expect(text.hasPrefix("HTTP/1.1 201 Created\r\n"))
    #expect(text.contains("\r\nLocation: /v1/backends/\(Self.gpu.id)\r\n"))
    let shown = try server.client.get("/v1/backends/gpu").text
    #expect(text.hasSuffix("\r\n\r\n" + shown))
    let url = try BackendURL(parsing: "http://10.0.0.5:11434")
    #expect(book.orders == [.change(.add(RuntimeBackends.Wish(url: url, name: "gpu")))])
  }

  @Test("requests behind an order wait for it, and nobody else does")
  func pipelining() async throws {
    let server = try newServer()
    await server.server.publish(snapshot(1, []))
    let connection = try RawConnection(server.path)
    let delete = "DELETE /v1/backends/a%20b HTTP/1.1\r\nHost: x\r\n\r\n"
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.send(get + delete + get + delete)
    connection.send("GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let first = try book.ticket(0)
    #expect(try server.client.get("/healthz").status == 200)
    #expect(book.orders == [.change(.remove("a b"))])
    server.server.answer(first, .removed, at: 1)
    server.server.answer(try book.ticket(1), .unknown("a b"), at: 1)
    let text = connection.receiveAll()
    let answers = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
    #expect(answers.map { String($0.prefix(3)) } == ["200", "204", "200", "404", "404"])
    let removed = try #require(answers.dropFirst().first)
    #expect(!removed.contains("Content-"))
    #expect(removed.hasSuffix("\r\n\r\n"))
  }

  @Test(
    "an order that nobody decides on is answered all the same, and too late an answer is nobody's")
  func deadline() async throws {
    let server = try newServer { $0.connection.answer = .milliseconds(50) }
    await server.server.publish(snapshot(1, []))
    let connection = try RawConnection(server.path)
    connection.send(post(#"{"url": "http://a"}"#))
    let text = connection.receive { $0.hasSuffix("}}") }
    #expect(text.hasPrefix("HTTP/1.1 503 "))
    #expect(text.contains("\"timeout\""))
    server.server.answer(try book.ticket(0), .removed, at: 1)
    connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(connection.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200 "))
  }

  @Test("a client that goes away while it waits leaves nothing behind")
  func vanishing() async throws {
    let server = try newServer { $0.connections = 2 }
    await server.server.publish(snapshot(1, []))
    for round in 0..<10 {
      do {
        let connection = try RawConnection(server.path)
        connection.send(post(#"{"url": "http://a"}"#))
        _ = try book.ticket(round)
      }
      server.server.answer(try book.ticket(round), .removed, at: 1)
    }
    for _ in 0..<20 { #expect(try server.client.get("/healthz").status == 200) }
  }

  @Test("more orders than are taken are refused at once")
  func overload() async throws {
    let server = try TestServer(setup: { $0.onOrder = { _, _ in false } })
    let answer = try server.client.send("DELETE", "/v1/backends/x")
    #expect(answer.status == 503)
    #expect(try answer.decode(ErrorDocument.self).error.code == "overloaded")
  }

  @Test("what came of an order has its status")
  func outcomes() throws {
    let model = newModel()
    model.apply(snapshot(1, [Self.gpu]), at: noon)
    let table: [(APIOrder.Outcome, HTTPStatus)] = [
      (.added(Self.gpu.id), .created), (.updated(Self.gpu.id), .ok), (.removed, .noContent),
      (.unknown("x"), .notFound), (.refused("no"), .conflict),
      (.added(BackendID(of: "gone", in: .url)), .conflict), (.reloaded, .ok),
      (.rejected(["nexus.toml:1:1: error: no"]), .unprocessableContent),
    ]
    for (outcome, status) in table {
      #expect(Router.answer(to: outcome, from: model).status == status)
    }
  }

  @Test("who may not change anything is told who may, before anything else is looked at")
  func forbidden() throws {
    let requests = [
      HTTPRequest(method: "POST", path: "/v1/backends", body: Array("nonsense".utf8)),
      HTTPRequest(method: "DELETE", path: "/v1/backends/%zz"),
      HTTPRequest(method: "POST", path: "/v1/reload"),
    ]
    for request in requests {
      for requester in [Requester.network, .local(mayChange: false)] {
        let answer = Router.answer(request, by: requester, from: newModel(), at: noon)
        #expect(answer.effect == nil)
        #expect(answer.response.status == .forbidden)
      }
    }
  }

  @Test(
    "a body that is no backend is refused with the name of what is wrong",
    arguments: [
      ("", "the body must be a JSON object"), ("[]", "the body must be a JSON object"),
      ("{", "the body must be a JSON object"), ("url=http://a", "the body must be a JSON object"),
      ("{}", "\"url\" is missing"), (#"{"url": null}"#, "\"url\" is missing"),
      (#"{"url": 1}"#, "\"url\" must be a string, but is a number"),
      (#"{"url": 1.5}"#, "\"url\" must be a string, but is a number"),
      (#"{"url": ["http://a"]}"#, "\"url\" must be a string, but is an array"),
      (#"{"url": "a"}"#, "bad URL \"a\": a URL begins with http://"),
      (#"{"url": "http://u:secret@a"}"#, "bad URL: a user name"),
      (#"{"url": "http://a", "ulr": "http://a"}"#, "unknown key \"ulr\"; did you mean \"url\"?"),
      (#"{"url": "http://a", "": null}"#, "there are url, name, type and priority"),
      (#"{"url": "http://a", "tls_verify": false}"#, "there are url, name, type and priority"),
      (#"{"url": "http://a", "name": ""}"#, "\"name\" must not be empty"),
      (#"{"url": "http://a", "name": "a\nb"}"#, "\"name\" must not hold control characters"),
      (#"{"url": "http://a", "name": true}"#, "\"name\" must be a string, but is a boolean"),
      (#"{"url": "http://a", "type": "olama"}"#, "did you mean \"ollama\"?"),
      (#"{"url": "http://a", "priority": -1}"#, "\"priority\" must be 0 to 1000000, but is -1"),
      (#"{"url": "http://a", "priority": "1"}"#, "must be an integer, but is a string"),
      (#"{"url": "http://a", "priority": 1.5}"#, "must be an integer, but is no whole number"),
      (#"{"url": "http://a", "priority": {}}"#, "must be an integer, but is an object"),
      (#"{"url": "http://a", "priority": 1e300}"#, "must be an integer, but is no whole number"),
    ])
  func badBodies(body: String, expected: String) throws {
    let request = HTTPRequest(method: "POST", path: "/v1/backends", body: Array(body.utf8))
    let answer = Router.answer(
      request, by: .local(mayChange: true), from: newModel(), at: noon)
    #expect(answer.effect == nil)
    #expect(answer.response.status == .badRequest)
    let document = try JSONText.decode(ErrorDocument.self, from: answer.response.body.bytes)
    #expect(document.error.message.contains(expected))
    #expect(!document.error.message.contains("secret"))
  }
}
