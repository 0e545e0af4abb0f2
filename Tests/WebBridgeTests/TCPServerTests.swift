import APIModel
import DiscoveryCore
import Foundation
import Testing
import WebBridge

@Suite(.serialized)
struct TCPServerTests {
  private func server(
    _ host: ListenHost = .localhost, _ configure: (inout WebServer.Limits) -> Void = { _ in }
  ) throws -> TestServer {
    try TestServer(setup: {
      $0.host = host
      configure(&$0.limits)
    })
  }

  private func answer(_ text: String, from server: TestServer, isIPv6: Bool = false) throws
    -> String
  {
    let connection = try RawConnection(port: server.port, isIPv6: isIPv6)
    connection.send(text)
    return connection.receiveAll()
  }

  @Test("localhost is both of the loopback addresses, at one port")
  func localhost() throws {
    let server = try server()
    #expect(
      server.server.urls == ["http://127.0.0.1:\(server.port)", "http://[::1]:\(server.port)"])
    for isIPv6 in [false, true] {
      let text = try answer(
        "GET /healthz HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n", from: server,
        isIPv6: isIPv6)
      #expect(text.hasPrefix("HTTP/1.1 200 "))
    }
    #expect(try self.server(.none).server.urls.isEmpty)
  }

  @Test("\"::\" is every address, those of IPv4 too")
  func everyAddress() throws {
    let server = try server(ListenHost(parsing: "::"))
    let text = try answer("GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", from: server)
    // Over a loopback address a foreign Host is refused at any listener.
    #expect(text.hasPrefix("HTTP/1.1 403 "))
  }

  @Test("an address in use is said, and leaves nothing behind")
  func addressInUse() throws {
    let first = try server(ListenHost(parsing: "127.0.0.1"))
    let directory = NSTemporaryDirectory() + "web-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var setup = WebServer.Setup(
      socketPath: directory + "/api.sock",
      identity: .init(version: "1", pid: 1, started: noon), clock: MachineClock())
    setup.port = first.port
    for host in ["127.0.0.1", "localhost", "0.0.0.0", "::"] {
      setup.host = try ListenHost(parsing: host)
      let place = host == "localhost" ? "127.0.0.1" : host == "::" ? "[::]" : host
      #expect(throws: WebServerError.addressInUse(address: "\(place):\(first.port)")) {
        try WebServer(setup)
      }
      #expect(!FileManager.default.fileExists(atPath: setup.socketPath))
    }
    #expect(try first.client.get("/healthz").status == 200)
  }

  @Test("an address that the machine does not have yet is a warning")
  func addressToCome() throws {
    let warnings = Counter()
    let server = try TestServer(setup: {
      $0.host = try! ListenHost(parsing: "192.0.2.77")  // A literal.
      $0.onError = { if $0.contains("192.0.2.77") { warnings.increment() } }
    })
    #expect(warnings.value == 1)
    #expect(server.server.urls == ["http://192.0.2.77:\(server.port)"])
    #expect(throws: WebServerError.self) {
      try TestServer(setup: { $0.host = try! ListenHost(parsing: "fe80::1%none0") })  // A literal.
    }
  }

  @Test("reads all, changes nothing, and lets no web page read")
  func readOnly() async throws {
    let server = try server()
    await server.server.publish(snapshot(42, [backend("one")]))
    let table: [(String, String, Int, String?)] = [
      ("GET", "/v1/backends", 200, nil), ("GET", "/v1/backends/one", 200, nil),
      ("HEAD", "/v1/backends", 200, nil), ("GET", "/v1/models", 200, nil),
      ("GET", "/v1/status", 200, nil), ("GET", "/healthz", 200, nil),
      ("GET", "/readyz", 503, "not_ready"), ("GET", "/v1/backends/two", 404, "not_found"),
      ("POST", "/v1/refresh", 403, "read_only"), ("GET", "/v1/refresh", 405, "method_not_allowed"),
      ("PUT", "/v1/backends", 405, "method_not_allowed"),
      ("OPTIONS", "/v1/backends", 405, "method_not_allowed"),
      ("OPTIONS", "*", 405, "method_not_allowed"), ("POST", "/", 404, "not_found"),
      ("TRACE", "/", 405, "method_not_allowed"),
      ("CONNECT", "evil.example:80", 405, "method_not_allowed"),
    ]
    for (method, path, status, code) in table {
      let text = try answer(
        "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
          + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n", from: server)
      #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(method) \(path)")
      #expect(text.contains("\r\nCache-Control: no-store\r\n"))
      #expect(!text.contains("Access-Control"))
      if let code { #expect(text.contains("\"code\":\"\(code)\""), "\(method) \(path)") }
      #expect(text.hasSuffix("\r\n\r\n") == (method == "HEAD"))
    }
    #expect(server.refreshes.value == 0)
  }

  @Test(
    "over loopback a request must say that it means this machine",
    arguments: [
      ("GET /healthz HTTP/1.1\r\nHost: localhost:6398", 200),
      ("GET /healthz HTTP/1.1\r\nHost: evil.example", 403),
      ("GET /healthz HTTP/1.1\r\nHost: evil.example:6398", 403),
      ("GET /healthz HTTP/1.1\r\nHost:", 403), ("GET /healthz HTTP/1.1\r\nX: y", 400),
      ("GET /healthz HTTP/1.0\r\nX: y", 403), ("GET /healthz HTTP/1.0\r\nHost: 127.0.0.1", 200),
      ("GET /nothing HTTP/1.1\r\nHost: evil.example", 403),
      ("BREW /healthz HTTP/1.1\r\nHost: evil.example", 403),
      ("POST /v1/refresh HTTP/1.1\r\nHost: evil.example", 403),
      ("GET /v1/watch HTTP/1.1\r\nHost: evil.example", 403),
      // The target's own host counts, not the header (RFC 9112 §3.2.2).
      ("GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example", 200),
      ("GET HTTP://LOCALHOST:80/healthz HTTP/1.1\r\nHost: evil.example", 200),
      ("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost", 403),
      ("GET http:///healthz HTTP/1.1\r\nHost: localhost", 403),
      ("GET http://evil.example?@localhost/healthz HTTP/1.1\r\nHost: localhost", 403),
      ("GET http://evil.example#@localhost/ HTTP/1.1\r\nHost: localhost", 403),
      ("GET http://localhost@evil.example/healthz HTTP/1.1\r\nHost: localhost", 403),
      ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost", 403),
      ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 400),
    ])
  func rebinding(request: String, status: Int) throws {
    let server = try server()
    let text = try answer(request + "\r\nConnection: close\r\n\r\n", from: server)
    #expect(text.hasPrefix("HTTP/1.1 \(status) "))
    #expect(text.contains("\"code\":\"host_refused\"") == (status == 403))
    // The Unix socket is reached by no web page.
    let local = try RawConnection(server.path)
    local.send(request + "\r\nConnection: close\r\n\r\n")
    #expect(!local.receive { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 403 "))
  }

  @Test("pipelined requests are answered in order, refused ones between them")
  func pipelining() throws {
    let server = try server()
    let good = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let foreign = "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    let change = "POST /v1/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
    let head = "HEAD /v1/backends HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let text = try answer(
      String(repeating: good + foreign + change + head, count: 1000)
        + "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", from: server)
    let statuses = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
    #expect(
      statuses == Array(repeating: ["200", "403", "403", "200"], count: 1000).flatMap(\.self) + [
        "200"
      ])
  }

  // MARK: - Places

  private func isServed(_ connection: RawConnection) -> Bool {
    connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection.receive { $0.contains("ok") }.hasPrefix("HTTP/1.1 200 ")
  }

  @Test("when all places are taken, those that wait longest give way to newcomers")
  func halfOpen() throws {
    let server = try server { $0.connections = 40 }
    // All of the socket's places and all of TCP's, and as many again.
    var silent: [RawConnection] = []
    for _ in 0..<40 {
      silent.append(try RawConnection(server.path))
      silent.append(try RawConnection(port: server.port))
      silent[silent.count - 2].send("GET /healthz HT")
      // So that their order is known.
      #expect(try isServed(RawConnection(server.path)))
      #expect(try isServed(RawConnection(port: server.port)))
    }
    #expect(silent[0].isClosed && silent[1].isClosed)
    #expect(try server.client.get("/healthz").status == 200)
  }

  @Test("when all places are taken by one that is served, it gets no more, and others theirs")
  func crowded() throws {
    let server = try server { $0.connections = 40 }
    func watch(_ connection: RawConnection) -> String {
      connection.send("GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n")
      return connection.receive { $0.contains("event: snapshot") }
    }
    var watchers = try (0..<20).map { _ in try RawConnection(port: server.port) }
    for watcher in watchers { #expect(watch(watcher).hasPrefix("HTTP/1.1 200 ")) }
    let refused = try RawConnection(port: server.port)
    #expect(refused.receiveAll().hasPrefix("HTTP/1.1 503 "))
    // Another address, and the socket, which has places of its own.
    #expect(try isServed(RawConnection(port: server.port, isIPv6: true)))
    #expect(watchers[19].isClosed)
    #expect(try isServed(RawConnection(server.path)))
    watchers.removeAll()
    var text = ""
    while !text.hasPrefix("HTTP/1.1 200 ") {
      text = watch(try RawConnection(port: server.port))
    }
  }
}
