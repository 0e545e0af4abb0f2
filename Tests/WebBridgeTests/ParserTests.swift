import DiscoveryCore
import DiscoveryTestKit
import Testing
import WebBridge

struct RequestParserTests {
  private func parse(_ text: String, chunk: Int) -> [RequestParser.Outcome] {
    var parser = RequestParser()
    var outcomes: [RequestParser.Outcome] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      parser.append(rest.prefix(chunk))
      rest = rest.dropFirst(chunk)
      while true {
        let outcome = parser.next()
        guard outcome != .incomplete else { break }
        outcomes.append(outcome)
        if case .refused = outcome { return outcomes }
      }
    }
    return outcomes
  }

  @Test("requests are the same however their bytes are cut", arguments: [1, 2, 3, 7, 64, 10_000])
  func chunks(size: Int) {
    let text =
      "\r\nGET /a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nX-Odd:  v \t\r\n\r\n"
      + "POST http://h/p HTTP/1.1\r\nhost:h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"
      + "GET /bare HTTP/1.0\nConnection: Keep-Alive\n\n" + "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"
    let outcomes = parse(text, chunk: size).filter { $0 != .expectsContinue }
    let expected: [HTTPRequest] = [
      HTTPRequest(
        method: "GET", path: "/a%20b", query: "x=1&y",
        headers: [.init(name: "host", value: "h"), .init(name: "x-odd", value: "v")]),
      HTTPRequest(
        method: "POST", path: "/p", authority: "h",
        headers: [
          .init(name: "host", value: "h"), .init(name: "content-length", value: "3"),
          .init(name: "expect", value: "100-continue"),
        ], body: Array("abc".utf8)),
      HTTPRequest(
        method: "GET", path: "/bare", headers: [.init(name: "connection", value: "Keep-Alive")],
        isVersion10: true),
      HTTPRequest(method: "OPTIONS", path: "*", headers: [.init(name: "host", value: "h")]),
    ]
    #expect(outcomes == expected.map(RequestParser.Outcome.request))
  }

  @Test("100 Continue is asked for once, and only when the body is not there")
  func expectation() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    var parser = RequestParser()
    parser.append(Array(head.utf8))
    #expect(parser.next() == .expectsContinue)
    #expect(parser.next() == .incomplete)
    parser.append(Array("abc".utf8))
    guard case .request = parser.next() else {
      Issue.record("no request")
      return
    }
    #expect(!parser.isMidRequest)
  }

  @Test(
    "a connection is kept as the version and the header say",
    arguments: [
      (false, nil, true), (true, nil, false), (false, "close", false), (true, "keep-alive", true),
      (false, "Upgrade, Close", false), (true, "close, keep-alive", false),
    ] as [(Bool, String?, Bool)])
  func keepsConnection(isVersion10: Bool, header: String?, expected: Bool) {
    let headers = header.map { [HTTPRequest.Header(name: "connection", value: $0)] } ?? []
    let request = HTTPRequest(
      method: "GET", path: "/", headers: headers, isVersion10: isVersion10)
    #expect(request.keepsConnection == expected)
  }

  @Test("noise of any kind is refused or waited for, never taken", arguments: 1...20)
  func noise(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("GET / HTTP/1.1\r\n\r\nHost:\0é%".utf8)
    let bytes = (0..<400).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
    var parser = RequestParser()
    parser.append(bytes)
    for _ in 0..<400 {
      switch parser.next() {
      case .incomplete: return
      case .refused: return
      case .request(let request): #expect(request.path.hasPrefix("/"), "seed \(seed)")
      case .expectsContinue: break
      }
    }
  }
}

struct ClientParserTests {
  @Test("events are the same however their bytes are cut", arguments: [1, 2, 3, 5, 100])
  func events(size: Int) {
    let text =
      "\u{FEFF}: comment\n\nevent: added\r\nid: 7\r\ndata: {\"a\":\"😀\"}\r\n\r\n"
      + "data:one\ndata: two\n\nid: 8\revent:x\rdata\r\r:\n\nevent: never\n\ndata: cut"
    var parser = ServerSentEventParser()
    var events: [ServerSentEvent] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      events += parser.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    #expect(
      events == [
        ServerSentEvent(name: "added", id: "7", data: "{\"a\":\"😀\"}"),
        ServerSentEvent(name: "message", id: "7", data: "one\ntwo"),
        ServerSentEvent(name: "x", id: "8", data: ""),
      ])
  }

  @Test("answers are the same however their bytes are cut", arguments: [1, 2, 10, 1000])
  func responses(size: Int) throws {
    let text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 5\r\n\r\nhello"
    var parser = ResponseParser()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      #expect(!parser.isComplete)
      try parser.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    #expect(parser.head?.status == 404 && parser.head?.contentLength == 5)
    #expect(parser.isComplete && parser.takeBody() == Array("hello".utf8))
  }
}

struct HTTPConnectionTests {
  private func drain(_ connection: inout HTTPConnection, _ model: ReadModel) -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1000)
    while true {
      let count = buffer.withUnsafeMutableBytes { connection.take(into: $0, from: model) }
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
  }

  @Test("a flood of requests for long answers does not pile them up")
  func boundedOutput() {
    let model = newModel()
    model.apply(snapshot(1, (0..<1000).map { backend("backend-\($0)") }), at: noon)
    var connection = HTTPConnection(
      limits: .init(), by: .local(mayChange: false), at: noon)
    let request = "GET /v1/backends HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.receive(Array(String(repeating: request, count: 50).utf8), at: noon)
    var answers = 0
    while true {
      _ = connection.advance(model, at: noon)
      let text = drain(&connection, model)
      if text.isEmpty { break }
      #expect(text.utf8.count < 1_000_000)
      answers += 1
    }
    #expect(answers == 50)
  }

  @Test("an empty line after a request is not the start of another", arguments: ["\r\n", "\n\r\n"])
  func emptyLines(text: String) {
    let model = newModel()
    let limits = HTTPConnection.Limits()
    var connection = HTTPConnection(
      limits: limits, by: .local(mayChange: false), at: noon)
    let request = "POST /v1/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    for _ in 0..<2 {
      connection.receive(Array((request + text).utf8), at: noon)
      _ = connection.advance(model, at: noon)
      #expect(drain(&connection, model).hasPrefix("HTTP/1.1 202 "))
      #expect(connection.deadline(isBlocked: false) == noon.advanced(by: limits.idle).uptime)
    }
    for byte in text.utf8 {
      connection.receive([byte], at: noon)
      _ = connection.advance(model, at: noon)
    }
    connection.expire(model, at: noon, isBlocked: false)
    #expect(drain(&connection, model).isEmpty)
    #expect(connection.isOver)
  }

  @Test("lists that nobody takes are bounded, over all connections")
  func boundedLists() {
    let model = newModel(lists: 1 << 20)
    model.apply(snapshot(1, (0..<1000).map { backend("backend-\($0)") }), at: noon)
    func answer(_ path: String, _ connection: inout HTTPConnection) -> String {
      connection.receive(Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8), at: noon)
      _ = connection.advance(model, at: noon)
      return String(drainOnce(&connection, model).prefix(12))
    }
    var connections = (0..<50).map { _ in
      HTTPConnection(
        limits: .init(), by: .local(mayChange: false), at: noon)
    }
    var answers: [String] = []
    for index in connections.indices {
      answers.append(answer("/v1/backends?type=ollama", &connections[index]))
    }
    let accepted = answers.count { $0 == "HTTP/1.1 200" }
    #expect((1...10).contains(accepted))
    #expect(answers.count { $0 == "HTTP/1.1 503" } == 50 - accepted)
    var other = HTTPConnection(
      limits: .init(), by: .local(mayChange: false), at: noon)
    #expect(answer("/v1/backends", &other) == "HTTP/1.1 503")
    #expect(answer("/healthz", &other) == "HTTP/1.1 200")
    #expect(answer("/v1/watch", &other) == "HTTP/1.1 503")
    connections = []
    #expect(answer("/v1/backends?type=ollama", &other) == "HTTP/1.1 200")
  }

  /// The start of what is next to send.
  private func drainOnce(_ connection: inout HTTPConnection, _ model: ReadModel) -> String {
    var buffer = [UInt8](repeating: 0, count: 500)
    let count = buffer.withUnsafeMutableBytes { connection.take(into: $0, from: model) }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  @Test("each state has its own patience")
  func deadlines() {
    let model = newModel()
    let limits = HTTPConnection.Limits()
    var connection = HTTPConnection(
      limits: limits, by: .local(mayChange: false), at: noon)
    #expect(
      connection.deadline(isBlocked: false) == noon.advanced(by: limits.request).uptime)
    let later = noon.advanced(by: .seconds(5))
    connection.receive(Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET".utf8), at: later)
    _ = connection.advance(model, at: later)
    #expect(connection.deadline(isBlocked: false) == later.advanced(by: limits.write).uptime)
    #expect(drain(&connection, model).hasSuffix("{\"status\":\"ok\"}"))
    #expect(connection.deadline(isBlocked: true) == later.advanced(by: limits.write).uptime)
    #expect(connection.deadline(isBlocked: false) == later.advanced(by: limits.request).uptime)
    connection.expire(model, at: later, isBlocked: false)
    #expect(drain(&connection, model).hasPrefix("HTTP/1.1 408 "))
    #expect(connection.isFinished)
  }

  @Test("the date is as HTTP wants it")
  func date() {
    var date = HTTPDate()
    #expect(date.text(at: noon.wall) == "Sat, 31 Jan 2026 10:00:00 GMT")
    #expect(
      date.text(at: WallTime(milliseconds: 784_111_777_000)) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }
}
