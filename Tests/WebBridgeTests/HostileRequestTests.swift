import Foundation
import Testing
import WebBridge

/// What no honest client sends, over the listener that anyone may reach.
struct HostileRequestTests {
  private struct Case {
    let name: String
    let bytes: [UInt8]
    /// Of the answers, in order.
    let statuses: [Int]

    init(_ name: String, _ text: String, _ statuses: Int...) {
      self.name = name
      bytes = Array(text.utf8)
      self.statuses = statuses
    }
  }

  private static let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
  private static let post = "POST /v1/refresh HTTP/1.1\r\nHost: localhost\r\n"
  private static let last = get + "Connection: close\r\n\r\n"

  @Test("gets its proper status, and costs nobody anything")
  func answers() throws {
    let server = try TestServer(setup: {
      $0.host = .localhost
      // Long enough for a busy machine to send what is whole.
      $0.limits.connection.request = .seconds(3)
    })
    let sent = try (Self.requestLines + Self.headers + Self.bodies + Self.protocols + Self.paths)
      .map { test in
        let connection = try RawConnection(port: server.port)
        connection.send(test.bytes)
        return (test, connection)
      }
    #expect(try server.client.get("/healthz").status == 200)
    for (test, connection) in sent {
      let text = connection.receiveAll()
      let statuses = text.components(separatedBy: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
      #expect(statuses == test.statuses, "\(test.name): \(text)")
    }
    #expect(server.refreshes.value == 0)
  }

  private static let requestLines: [Case] = [
    Case("nothing but an empty line", "\r\n\r\n\n"),
    Case("no version", "GET /healthz\r\n\r\n", 400),
    Case("two spaces", "GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("a tab", "GET\t/healthz\tHTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("a space at the end", "GET /healthz HTTP/1.1 \r\nHost: localhost\r\n\r\n", 400),
    Case(
      "small letters", "get /healthz HTTP/1.1\r\nHost: localhost\r\n" + "Connection: close\r\n\r\n",
      405),
    Case("a small version", "GET /healthz http/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("a longer version", "GET /healthz HTTP/1.10\r\nHost: localhost\r\n\r\n", 505),
    Case("HTTP/0.9", "GET /healthz HTTP/0.9\r\n\r\n", 505),
    Case("a NUL in the path", "GET /health\0z HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("a NUL in the method", "G\0T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("letters beyond ASCII", "GET /größe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("a bare CR", "GET /healthz HTTP/1.1\rHost: localhost\r\r", 408),
    Case("a CR within", "GET /heal\rthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("bare LF, which RFC 9112 §2.2 allows", "GET /healthz HTTP/1.0\nHost: localhost\n\n", 200),
    Case("a long method", String(repeating: "A", count: 9000), 414),
    Case("a long path", "GET /" + String(repeating: "a", count: 9000), 414),
    Case("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{7C}\u{3}\u{3}", 408),
  ]

  private static let headers: [Case] = [
    Case("10,000 bytes", get + "X: " + String(repeating: "a", count: 10_000), 431),
    Case("a thousand", get + String(repeating: "a: b\r\n", count: 2000), 431),
    Case("a folded line", get + "X: a\r\n b\r\n\r\n", 400),
    Case("a space before the colon", get + "X : a\r\n\r\n", 400),
    Case("no colon", get + "X\r\n\r\n", 400), Case("no name", get + ": a\r\n\r\n", 400),
    Case("a NUL", get + "X: a\0b\r\n\r\n", 400), Case("a CR", get + "X: a\rY: b\r\n\r\n", 400),
    Case("an escape", get + "X: \u{1B}[2J\r\n\r\n", 400),
    Case("a NUL in the Host", "GET / HTTP/1.1\r\nHost: localhost\0\r\n\r\n", 400),
    Case("half a request", get + "X: ", 408), Case("half a line", "GET /hea", 408),
  ]

  private static let bodies: [Case] = [
    Case("chunked", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    Case("a coding of its own", post + "Transfer-Encoding: xchunked\r\n\r\n", 501),
    Case("two codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    Case(
      "a coding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 411),
    Case("no coding", post + "Transfer-Encoding:\r\n\r\n", 501),
    Case(
      "chunked and a length",
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400),
    Case("two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400),
    Case("two lengths in one", post + "Content-Length: 2, 2\r\n\r\nab", 400),
    Case(
      "one length twice",
      post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab" + last, 403, 200),
    Case("a signed length", post + "Content-Length: +2\r\n\r\nab", 400),
    Case("a hexadecimal length", post + "Content-Length: 0x2\r\n\r\nab", 400),
    Case("no length", post + "Content-Length:\r\n\r\n", 400),
    Case("a huge length", post + "Content-Length: 99999999999999999999999\r\n\r\n", 413),
    Case("64 KiB and a byte", post + "Content-Length: 65537\r\n\r\n", 413),
    Case("half a body", post + "Content-Length: 100\r\n\r\nabc", 408),
    Case("a GET with a body", get + "Content-Length: 2\r\n\r\nab" + last, 200, 200),
    Case(
      "a request as a body", get + "Content-Length: \(last.utf8.count)\r\n\r\n" + last + last, 200,
      200),
    Case("more than was said", get + "Content-Length: 1\r\n\r\nab\r\n\r\n", 200, 400),
    Case("100-continue", post + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", 100, 408),
    Case("another expectation", get + "Expect: 200-ok\r\n\r\n", 417),
  ]

  private static let protocols: [Case] = [
    Case("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    Case(
      "an upgrade to HTTP/2",
      get
        + "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
      200),
    Case(
      "a WebSocket",
      get + "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", 200),
    Case("after the end", last + get + "\r\n", 200),
    Case(
      "https in absolute form", "GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      400),
    Case(
      "a proxy's CONNECT",
      "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
  ]

  private static let paths: [Case] = [
    ("/../../etc/passwd", 404), ("/v1/../v1/backends", 404), ("/v1//backends", 404),
    ("//v1/backends", 404), ("/v1/backends/", 404), ("/v1%2Fbackends", 404),
    ("/%76%31/backends", 404), ("/v1/backends/..%2F..%2Fstatus", 404), ("/v1/backends/%2E%2E", 404),
    ("/v1/backends/%", 400), ("/v1/backends/%0", 400), ("/v1/backends/%GG", 400),
    ("/v1/backends/%FF", 400), ("/v1/backends/%00", 404), ("/v1/backends/%C0%AF", 400),
    ("/v1/backends/%ED%A0%80", 400), ("/v1/backends/a%0D%0AX:%20y", 404), ("/v1/backends/a/b", 404),
    ("/healthz?", 200), ("/healthz?a=%", 200), ("/healthz#x", 200), ("/healthz;x", 404),
    ("/HEALTHZ", 404), ("/v1/backends?type=%FF", 400), ("/v1/backends?type=%", 400),
    ("/v1/backends?=", 400), ("/v1/backends?&&", 200), ("healthz", 400), ("*", 400),
  ].map {
    Case($0.0, "GET \($0.0) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", $0.1)
  }
}

extension RawConnection {
  func send(_ bytes: [UInt8]) {
    _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
