import APIModel
import DiscoveryCore
import Foundation
import Testing
import WebBridge

@Suite(.serialized)
struct WebServerTests {
  @Test("lists what was published, and finds one by id and by any name")
  func lists() async throws {
    let server = try TestServer()
    let names = ["plain", "dot.ted box", "größe 😀", "a/b//c", "a+b", "100%", "..", "a?b#c"]
    await server.server.publish(snapshot(42, names.map { backend($0) }))
    let list = try server.client.get("/v1/backends").decode(BackendListDocument.self)
    #expect(list.revision == 42)
    #expect(list.backends.map(\.name) == names.sorted())
    for name in names {
      let path = "/v1/backends/" + PercentEncoding.encode(name)
      #expect(try server.client.get(path).decode(BackendDocument.self).name == name)
      let id = BackendID(of: name, in: .dns).description
      #expect(
        try server.client.get("/v1/backends/" + id).decode(BackendDocument.self).name == name)
    }
  }

  @Test("answers each path with its status")
  func paths() throws {
    let server = try TestServer()
    let table: [(String, String, Int, String?)] = [
      ("GET", "/healthz", 200, nil), ("GET", "/readyz", 503, "not_ready"),
      ("GET", "/v1/status", 200, nil), ("GET", "/v1/backends", 200, nil),
      ("GET", "/v1/backends?type=ollama&status=", 200, nil),
      ("GET", "/v1/backends?tpye=ollama", 400, "bad_request"),
      ("GET", "/v1/backends?status=well", 400, "bad_request"),
      ("GET", "/v1/backends/nobody", 404, "not_found"),
      ("GET", "/v1/backends/", 404, "not_found"), ("GET", "/", 404, "not_found"),
      ("GET", "/v1/backends/%zz", 400, "bad_request"),
      ("POST", "/v1/refresh", 202, nil), ("GET", "/v1/refresh", 405, "method_not_allowed"),
      ("PUT", "/v1/backends", 405, "method_not_allowed"),
      ("BREW", "/coffee", 405, "method_not_allowed"),
      ("CONNECT", "example.org:443", 405, "method_not_allowed"),
      ("OPTIONS", "*", 405, "method_not_allowed"), ("GET", "*", 400, "bad_request"),
    ]
    for (method, path, status, code) in table {
      let response = try server.client.send(method, path)
      #expect(response.status == status, "\(method) \(path)")
      if let code {
        #expect(try response.decode(ErrorDocument.self).error.code == code, "\(method) \(path)")
      }
    }
    #expect(server.refreshes.value == 1)
    server.server.setReady(.ready)
    #expect(try server.client.get("/readyz").status == 200)
    let status = try server.client.get("/v1/status").decode(StatusDocument.self)
    #expect(status.version == "1.2.3" && status.pid == getpid() && status.isReady)
  }

  @Test("answers pipelined requests in order and keeps the connection")
  func pipelining() throws {
    let server = try TestServer()
    let connection = try RawConnection(server.path)
    let one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    let post = "POST /v1/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    connection.send(String(repeating: one + post, count: 100) + "GET /last HTTP/1.1\r\nHost: x\r\n")
    connection.send("Connection: close\r\n\r\n")
    let text = connection.receiveAll()
    let statuses = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
    #expect(statuses == Array(repeating: ["200", "202"], count: 100).flatMap(\.self) + ["404"])
    #expect(server.refreshes.value == 100)
    #expect(text.contains("Connection: close\r\n"))
  }

  @Test(
    "refuses bad requests with their proper status and ends the connection",
    arguments: [
      ("no host", "GET / HTTP/1.1\r\n\r\n", 400), ("nonsense", "nonsense\r\n\r\n", 400),
      ("two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
      ("folded", "GET / HTTP/1.1\r\nHost: x\r\n bad: folded\r\n\r\n", 400),
      ("version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
      ("relative", "GET relative HTTP/1.1\r\nHost: x\r\n\r\n", 400),
      ("large body", "POST /v1/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
      ("negative", "POST /v1/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
      ("chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
      ("coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
      ("10,000 bytes of headers", "GET / HTTP/1.1\r\nHost: x\r\nX: ", 431),
      ("10,000 bytes of path", "GET /", 414),
    ])
  func refusals(name: String, request: String, status: Int) throws {
    let server = try TestServer()
    let connection = try RawConnection(server.path)
    connection.send(request)
    if name.hasPrefix("10,000") { connection.send(String(repeating: "a", count: 10_000)) }
    let text = connection.receiveAll()
    #expect(text.hasPrefix("HTTP/1.1 \(status) "))
    #expect(text.contains("\"error\""))
    #expect(try server.client.get("/healthz").status == 200)
  }

  @Test("HEAD has the headers of GET and no body")
  func head() throws {
    let server = try TestServer()
    let connection = try RawConnection(server.path)
    connection.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let text = connection.receiveAll()
    #expect(text.contains("Content-Length: 15\r\n") && text.hasSuffix("\r\n\r\n"))
    #expect(text.contains("Cache-Control: no-store\r\n"))
    #expect(text.contains("Content-Type: application/json\r\n"))
  }

  @Test("half a request gets 408 in time, and a silent connection is closed")
  func halfRequests() throws {
    let server = try TestServer { $0.connection.request = .seconds(2) }
    let half = try RawConnection(server.path)
    let silent = try RawConnection(server.path)
    half.send("GET /healthz HTTP/1.1\r\nHo")
    #expect(half.receiveAll().hasPrefix("HTTP/1.1 408 "))
    #expect(silent.isClosed)
  }

  @Test("an idle connection is closed in time")
  func idleConnections() throws {
    let server = try TestServer { $0.connection.idle = .seconds(1) }
    let connection = try RawConnection(server.path)
    connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(connection.receiveAll().hasSuffix("{\"status\":\"ok\"}"))
  }

  @Test("accepts again after a shortage of descriptors, although nobody is connected")
  func shortage() throws {
    let failures = Counter()
    let server = try TestServer(setup: { setup in
      setup.limits.acceptPause = .milliseconds(20)
      setup.fault = { call in
        guard call == .accept, failures.value < 3 else { return nil }
        failures.increment()
        return EMFILE
      }
    })
    #expect(try server.client.get("/healthz").status == 200)
    #expect(failures.value == 3)
  }

  @Test(
    "takes no more connections and probes than there are descriptors for",
    arguments: [
      (1_048_576, 2048, 512), (3072, 2048, 512), (2560, 1536, 512), (1024, 512, 256),
      (256, 128, 64),
    ] as [(UInt, Int, Int)])
  func descriptorLimit(limit: UInt, connections: Int, probes: Int) {
    var limits = WebServer.Limits()
    DescriptorLimit.fit(&limits, under: limit)
    #expect(limits.connections == connections && limits.probes == probes)
  }

  @Test("a large list comes whole to a slow reader")
  func largeList() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(1, (0..<3000).map { backend("backend-\($0)") }))
    let connection = try RawConnection(server.path)
    let request = "GET /v1/backends HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.send(request + request + request + "GET /healthz HTTP/1.0\r\n\r\n")
    let text = connection.receiveAll()
    #expect(text.components(separatedBy: "backend-2999\"").count - 1 == 3)
    #expect(text.hasSuffix("{\"status\":\"ok\"}"))
  }

  @Test("says so when it ends by itself, and nothing when it is told to stop")
  func ends() async throws {
    let (reasons, reason) = AsyncStream.makeStream(of: String.self)
    let isBroken = Counter()
    let server = try TestServer(setup: { setup in
      setup.onEnd = { reason.yield($0) }
      setup.fault = { $0 == .wait && isBroken.value > 0 ? ENOMEM : nil }
    })
    #expect(try server.client.get("/healthz").status == 200)
    isBroken.increment()
    server.server.setReady(.ready)
    var iterator = reasons.makeAsyncIterator()
    #expect(await iterator.next() == "the event loop failed")
    server.server.stop()
    #expect(!FileManager.default.fileExists(atPath: server.path))

    let ordered = try TestServer(setup: { $0.onEnd = { reason.yield("unasked: \($0)") } })
    ordered.server.stop()
    reason.finish()
    #expect(await iterator.next() == nil)
  }

  @Test("stops at once, whoever is connected")
  func stops() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(1, (0..<3000).map { backend("backend-\($0)") }))
    let connections = try (0..<100).map { _ in try RawConnection(server.path) }
    for (index, connection) in connections.enumerated() {
      connection.send(index % 2 == 0 ? "GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /")
    }
    _ = connections[0].receive { $0.contains("event: snapshot") }
    server.server.stop()
    #expect(!FileManager.default.fileExists(atPath: server.path))
    for connection in connections {
      _ = connection.receiveAll()
      #expect(connection.isClosed)
    }
    #expect(throws: APIClientError.self) { try server.client.get("/healthz") }
  }
}
