import DiscoveryCore
import DiscoveryTestKit
import Testing
import WebBridge

struct ResponseParserTests {
  struct Good: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let status: Int
    let body: String
    /// Complete only by the connection's end.
    var endsWithConnection = false

    var testDescription: String { name }
  }

  static let good = [
    Good(
      name: "a length", text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200,
      body: "hello"),
    Good(
      name: "what follows the answer", text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/",
      status: 200, body: "hi"),
    Good(
      name: "until the end", text: "HTTP/1.0 500 Oh dear\r\n\r\nhello", status: 500, body: "hello",
      endsWithConnection: true),
    Good(
      name: "no headers, no reason, and bare line feeds", text: "HTTP/1.1 200\n\nhello",
      status: 200, body: "hello", endsWithConnection: true),
    Good(
      name: "chunks",
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n00a;x=\"y\"\r\n, \r\nworld\n\r\n0\r\n\r\n", status: 200,
      body: "hello, \r\nworld\n"),
    Good(
      name: "trailers",
      text: "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n"
        + "1\r\nx\r\n0\r\nContent-Length: 7\r\nA: b\r\n\r\n", status: 200, body: "x"),
    Good(
      name: "a coding and a length",
      text: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", status: 200, body: "x"),
    Good(
      name: "interim answers",
      text: "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n"
        + "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
      status: 404, body: ""),
    Good(
      name: "no content", text: "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", status: 204,
      body: ""),
    Good(
      name: "not modified", text: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
      status: 304, body: ""),
    Good(
      name: "equal lengths",
      text: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n"
        + "Content-Length: 02\r\n\r\nhi", status: 200, body: "hi"),
    Good(
      name: "odd but allowed headers",
      text: "HTTP/1.1 200 größe\r\nX:\r\nY: a\tb\r\n  folded\r\n"
        + "Content-Length:\t2 \r\nZ: \u{FF}\r\n\r\nhi", status: 200, body: "hi"),
  ]

  /// Those whose end is known without the connection's.
  static let framed = good.filter { !$0.endsWithConnection }

  @Test("answers are the same wherever their bytes are cut", arguments: good)
  func cuts(sample: Good) throws {
    let bytes = Array(sample.text.utf8)
    for cut in 0...bytes.count {
      var parser = ResponseParser()
      try parser.append(bytes[..<cut])
      try parser.append(bytes[cut...])
      check(&parser, sample)
    }
    var parser = ResponseParser()
    for byte in bytes { try parser.append(CollectionOfOne(byte)) }
    check(&parser, sample)
  }

  private func check(_ parser: inout ResponseParser, _ sample: Good) {
    #expect(parser.isComplete == !sample.endsWithConnection)
    let isComplete = parser.end()
    #expect(isComplete && parser.head?.status == sample.status)
    let body = String(decoding: parser.takeBody(), as: UTF8.self)
    #expect(body == sample.body)
  }

  @Test("what is cut short is not complete", arguments: framed)
  func cutShort(sample: Good) throws {
    let bytes = Array(sample.text.utf8)
    var whole = ResponseParser()
    let needed = try bytes.firstIndex { byte in
      try whole.append(CollectionOfOne(byte))
      return whole.isComplete
    }
    for count in 0..<(needed ?? 0) {
      var parser = ResponseParser()
      try parser.append(bytes[...count].dropLast())
      let isComplete = parser.end()
      #expect(!isComplete && !parser.isComplete, "\(count) bytes")
    }
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let text: String
    let problem: ResponseParser.Problem

    var testDescription: String { String(text.prefix(100)).debugDescription }

    init(_ text: String, _ problem: ResponseParser.Problem) {
      self.text = text
      self.problem = problem
    }

    /// An answer with one header more.
    static func header(_ line: String, _ what: String) -> Bad {
      Bad("HTTP/1.1 200 OK\r\n\(line)\r\n\r\nhello", .malformed(what))
    }

    static func chunk(_ text: String, _ what: String) -> Bad {
      Bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(text)", .malformed(what))
    }
  }

  static let bad: [Bad] = [
    Bad("SSH-2.0-OpenSSH_9.2\r\n", .notHTTP), Bad("<html>", .notHTTP), Bad("\r\n", .notHTTP),
    Bad("\n", .notHTTP), Bad("HTTP/2 200\r\n", .notHTTP), Bad("HTTX", .notHTTP),
    Bad("HTTP/1\r\n\r\n", .notHTTP), Bad("\0\0\u{6}\u{4}\0\0\0", .notHTTP),
    Bad("HTTP/1.1\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.1 x\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.1 2000 OK\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.1 099 OK\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.1 600 OK\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.1  200 OK\r\n\r\n", .malformed("its status line")),
    Bad("HTTP/1.11 200 OK\r\n\r\n", .malformed("its status line")),
    Bad(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      .malformed("another protocol, which nobody asked for")),
    Bad("HTTP/1.1 200 O\rK\r\n\r\n", .malformed("control characters in its head")),
    .header("X: a\rContent-Length: 0", "control characters in its head"),
    .header("X: \0", "control characters in its head"), .header("no colon", "a header"),
    .header(": nameless", "a header"), .header(" folded", "a header"),
    .header("Content-Length : 5", "a header"),
    .header("Content-Length: 1\r\n 2", "a header"),
    .header("Content-Length: 5\r\nContent-Length: 6", "two Content-Lengths"),
    .header("Content-Length: 5, 6", "two Content-Lengths"),
    .header("Content-Length: -1", "its Content-Length"),
    .header("Content-Length: +5", "its Content-Length"),
    .header("Content-Length: 0x5", "its Content-Length"),
    .header("Content-Length:", "its Content-Length"),
    .header("Content-Length: 9999999999999999999", "its Content-Length"),
    .header("Transfer-Encoding: gzip, chunked", "an unknown transfer coding"),
    .header(
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "an unknown transfer coding"),
    .chunk("\r\n", "a chunk's size"), .chunk("-1\r\nx", "a chunk's size"),
    .chunk("0x1\r\nx", "a chunk's size"), .chunk("g\r\n", "a chunk's size"),
    .chunk("1 1\r\nx", "a chunk's size"), .chunk("ffffffffffffffff\r\nx", "a chunk's size"),
    .chunk("1\r\nxx", "a chunk of another size than it says"),
    .chunk("1\r\nx\rx", "a chunk of another size than it says"),
    .chunk("1\r\nx0\r\n\r\n", "a chunk of another size than it says"),
    .chunk(String(repeating: "0", count: 2000), "a chunk's size is too long"),
  ]

  @Test("what is no proper answer is told, wherever its bytes are cut", arguments: bad)
  func malformed(sample: Bad) {
    let bytes = Array(sample.text.utf8)
    for cut in 0...bytes.count {
      #expect(throws: sample.problem) {
        var parser = ResponseParser()
        try parser.append(bytes[..<cut])
        try parser.append(bytes[cut...])
      }
    }
  }

  @Test("a body ends at its limit, however it comes")
  func bodyLimit() throws {
    let head = "HTTP/1.1 200 OK\r\n"
    let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    let ten = "0123456789"
    var limits = ResponseParser.Limits()
    limits.body = 10
    let fitting = [
      head + "Content-Length: 10\r\n\r\n" + ten, head + "\r\n" + ten,
      chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
    ]
    for text in fitting {
      var parser = ResponseParser(limits: limits)
      try parser.append(text.utf8)
      let isComplete = parser.end()
      let body = parser.takeBody()
      #expect(isComplete && body == Array(ten.utf8))
    }
    let tooLong = [
      head + "Content-Length: 11\r\n\r\n", head + "\r\n" + ten + "x",
      chunked + "5\r\n01234\r\n6\r\n", chunked + "fffffffffffffff\r\n",
    ]
    for text in tooLong {
      var parser = ResponseParser(limits: limits)
      #expect(throws: ResponseParser.Problem.bodyTooLong) { try parser.append(text.utf8) }
    }
  }

  @Test("a head ends at its limit, however it comes")
  func headLimit() throws {
    var limits = ResponseParser.Limits()
    limits.head = 100
    let status = "HTTP/1.1 200 OK\r\n"
    // With the two bytes of each line's end.
    let fitting = status + "X: " + String(repeating: "x", count: 100 - status.utf8.count - 7)
    var parser = ResponseParser(limits: limits)
    try parser.append((fitting + "\r\n\r\n").utf8)
    #expect(parser.head?.status == 200)
    let tooLong = [
      fitting + "x\r\n\r\n", status + String(repeating: "A: b\r\n", count: 20),
      String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 5),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + String(repeating: "A: b\r\n", count: 20),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "1;extension=something\r\nx\r\n", count: 10),
    ]
    for text in tooLong {
      var parser = ResponseParser(limits: limits)
      #expect(throws: ResponseParser.Problem.headTooLong) { try parser.append(text.utf8) }
    }
    var single = ResponseParser(limits: limits)
    try single.append("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    for _ in 0..<1000 { try single.append("1\r\nx\r\n".utf8) }
    try single.append("0\r\n\r\n".utf8)
    let body = single.takeBody()
    #expect(single.isComplete && body.count == 1000)
  }

  /// What comes of an answer that is cut into pieces of at most `size` bytes.
  private func parse(_ bytes: [UInt8], size: Int) -> String {
    var parser = ResponseParser()
    var rest = bytes[...]
    do {
      while !rest.isEmpty {
        try parser.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
    } catch {
      return "\(error)"
    }
    let isComplete = parser.end()
    return "\(isComplete) \(parser.head?.status ?? 0) \(parser.takeBody())"
  }

  @Test("damaged answers come to the same however their bytes are cut")
  func damaged() {
    var random = SeededGenerator(seed: 7)
    let spice = Array("\r\n\0 :;,0159afHTP/-\u{7F}".utf8)
    for sample in Self.good {
      for _ in 0..<300 {
        var bytes = Array(sample.text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = bytes.indices.randomElement(using: &random) ?? 0
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[place] = spice.randomElement(using: &random) ?? 0
          case 1: bytes.insert(spice.randomElement(using: &random) ?? 0, at: place)
          default: bytes.remove(at: place)
          }
        }
        let whole = parse(bytes, size: bytes.count)
        #expect(parse(bytes, size: 1) == whole, "\(bytes)")
        #expect(parse(bytes, size: 7) == whole, "\(bytes)")
      }
    }
  }

  @Test("an answer to HEAD has no body, whatever its length")
  func head() throws {
    var parser = ResponseParser(isHead: true)
    try parser.append("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".utf8)
    let body = parser.takeBody()
    #expect(parser.isComplete && parser.head?.contentLength == 5 && body.isEmpty)
  }
}
