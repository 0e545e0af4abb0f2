import DiscoveryCore
import Foundation
import Testing
import WebBridge

@Suite(.serialized)
struct ProbeClientTests {
  @Test("asks for just what it is told to")
  func request() async throws {
    let server = try TestServer()
    let echo = try LoopbackServer { connection in
      let request = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)")
    }
    let answer = await server.server.probes.send(
      echo.request(.get(path: "/v1/models?status=downloaded"), name: "gpu.local"))
    #expect(
      answer.summary == "200 GET /v1/models?status=downloaded HTTP/1.1\r\n"
        + "Host: gpu.local:\(echo.port)\r\nUser-Agent: nexus-discovery/1.2.3\r\n"
        + "Accept: application/json, */*;q=0.5\r\nAccept-Encoding: identity\r\n"
        + "Connection: close\r\n\r\n")
    let key = ProbeAccess(key: APIKey("s3cret"))
    let withKey = await server.server.probes.send(echo.request(access: key))
    #expect(withKey.summary.contains("\r\nAuthorization: Bearer s3cret\r\n"))
  }

  @Test(
    "an answer that is one comes whole",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200 hello"),
      ("HTTP/1.0 200 OK\r\n\r\nhello", "200 hello"),
      ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "401 "),
      ("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", "302 "),
      ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", ProbeError.closed.description),
      ("", "connection closed without an answer"),
      ("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP"),
      ("hello", "the answer is not HTTP"),
      ("HTTP/1.1 2xx\r\n\r\n", "malformed answer: its status line"),
      (
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "malformed answer: two Content-Lengths"
      ),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", "answer over 1 MiB"),
    ])
  func answers(text: String, expected: String) async throws {
    let server = try TestServer()
    let peer = try LoopbackServer(answer: text)
    #expect(await server.server.probes.send(peer.request()).summary == expected)
  }

  @Test("a redirect is not followed")
  func redirect() async throws {
    let server = try TestServer()
    let elsewhere = try LoopbackServer(answer: "HTTP/1.1 200 OK\r\n\r\n")
    let peer = try LoopbackServer(
      answer: "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:\(elsewhere.port)/\r\n"
        + "Content-Length: 0\r\n\r\n")
    let response = await server.server.probes.send(peer.request()).response
    #expect(response?.status == 307)
    #expect(elsewhere.requests.value == 0)
  }

  @Test("a large body comes whole, and the latency is that of all of it")
  func largeBody() async throws {
    let server = try TestServer()
    let body = String(repeating: "0123456789abcdef", count: 65536)
    let peer = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    let before = MachineClock().now().uptime
    let response = await server.server.probes.send(peer.request()).response
    let all = before.duration(to: MachineClock().now().uptime)
    #expect(response?.body == Array(body.utf8))
    let latency = try #require(response?.latency)
    #expect(latency > .zero && latency <= all)
  }

  @Test("endless answers end at their limits")
  func endless() async throws {
    let server = try TestServer()
    let body = try LoopbackServer { connection in
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      while connection.send(String(repeating: "x", count: 65536)) {}
    }
    let headers = try LoopbackServer { connection in
      connection.send("HTTP/1.1 200 OK\r\n")
      while connection.send(String(repeating: "A: b\r\n", count: 1000)) {}
    }
    let interim = try LoopbackServer { connection in
      while connection.send(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 100)) {}
    }
    #expect(await server.server.probes.send(body.request()) == .failure(.bodyTooLarge))
    #expect(await server.server.probes.send(headers.request()) == .failure(.headersTooLarge))
    #expect(await server.server.probes.send(interim.request()) == .failure(.headersTooLarge))
  }

  @Test("an answer that comes byte by byte, or not at all, ends in time")
  func slow() async throws {
    let server = try TestServer()
    let trickle = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      while connection.send("x"), !connection.ends(within: 10) {}
    }
    let silent = try LoopbackServer.hanging()
    for peer in [trickle, silent] {
      let start = MachineClock().now().uptime
      let result = await server.server.probes.send(peer.request(timeout: .milliseconds(200)))
      let took = start.duration(to: MachineClock().now().uptime)
      #expect(result == .failure(.timedOut))
      // This task may wait for others before it goes on.
      #expect(took >= .milliseconds(200) && took < .seconds(60))
    }
  }

  @Test("a connection that does not come about ends in its own time")
  func connecting() async throws {
    let server = try TestServer()
    // Its queue takes two, and nobody is ever accepted.
    let full = try LoopbackServer(backlog: 0)
    defer { server.server.stop() }
    let probes = server.server.probes
    let guests = (0..<2).map { _ in full.knock() }
    let request = full.request(.connect, timeout: .seconds(60), connecting: .milliseconds(200))
    #expect(await probes.send(request) == .failure(.timedOut))
    #expect(guests.count == 2)
  }

  @Test("why there is no answer is told exactly")
  func failures() async throws {
    let server = try TestServer()
    defer { server.server.stop() }
    let probes = server.server.probes
    let gone = try LoopbackServer(answer: "").port
    #expect(await probes.send(.to(gone)).summary == "connection refused")
    #expect(await probes.send(.to(gone, .connect)).summary == "connection refused")
    let resetting = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\n\r\nhel")
      connection.reset()
    }
    let reset = await probes.send(resetting.request()).summary
    #expect(reset == "connection reset")
    let zones: [(Address, String)] = [
      (Address(ipv6High: 0xFE80 << 48, low: 1), "a link-local address without its interface"),
      (
        Address(ipv6High: 0xFE80 << 48, low: 1, zone: "nowhere0"),
        "there is no interface nowhere0"
      ),
      (Address(ipv4: 0xFFFF_FFFF), "permission denied"),
    ]
    for (address, sentence) in zones {
      let summary = await probes.send(.to(80, address: address)).summary
      #expect(summary == sentence || summary == ProbeError.unreachable.description)
    }
    let path = ProbeRequest.Question.get(path: "/x HTTP/1.1\r\nX: y")
    let peer = try LoopbackServer(answer: "HTTP/1.1 200 OK\r\n\r\n")
    let bad = "a path or host name that no request can carry"
    #expect(await probes.send(peer.request(path)).summary == bad)
    #expect(await probes.send(peer.request(name: "a\r\nb")).summary == bad)
  }

  @Test("only a connection is made where only that is asked for, in both families")
  func connect() async throws {
    let server = try TestServer()
    let peer = try LoopbackServer.hanging()
    #expect(await server.server.probes.send(peer.request(.connect)).summary == "0 ")
    guard let six = try? LoopbackServer(ipv6: true, { _ in }) else { return }
    let request = six.request(.connect, address: .loopback6, name: "::1")
    #expect(await server.server.probes.send(request).summary == "0 ")
  }
}
