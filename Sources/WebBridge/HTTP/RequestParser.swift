import DiscoveryCore

/// Takes the bytes of one connection and gives the requests in them (RFC 9112).
///
/// It stands in for the library's own HTTP parser, which cannot give what the API promises: it
/// drops unknown methods and long headers without an answer, waits for a body where a POST has
/// none, and rewrites paths ("+", "//", "%2F") so that not every name can be asked for.
package struct RequestParser: Sendable {
  package struct Limits: Hashable, Sendable {
    /// Bytes of the request line and all headers.
    package var head = 8 * 1024
    /// Bytes of a body.
    package var body = 64 * 1024

    package init() {}
  }

  /// Why a request is refused before it is looked at; the connection ends after the answer.
  package struct Refusal: Error, Hashable, Sendable {
    package let status: HTTPStatus
    package let message: String
  }

  package enum Outcome: Hashable, Sendable {
    case incomplete
    /// The client waits for "100 Continue" before it sends the body; reported once.
    case expectsContinue
    case request(HTTPRequest)
    case refused(Refusal)
  }

  private struct Head {
    var request: HTTPRequest
    var bodyLength: Int
    var expectsContinue: Bool
  }

  private let limits: Limits
  private var buffer: [UInt8] = []
  /// Where the line that is being read begins.
  private var lineStart = 0
  /// Everything before it has been looked at.
  private var scanned = 0
  private var lines: [Range<Int>] = []
  private var head: Head?

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// True when a part of a request is there and the rest is not.
  package var isMidRequest: Bool { head != nil || !buffer.isEmpty }

  /// Takes what was received.
  package mutating func append(_ bytes: some Collection<UInt8>) {
    buffer.append(contentsOf: bytes)
  }

  /// Forgets what was received and frees its memory.
  package mutating func removeAll() {
    self = RequestParser(limits: limits)
  }

  /// The next request, if all of it is there.
  package mutating func next() -> Outcome {
    do {
      if head == nil {
        guard try scanHead() else { return .incomplete }
        head = try parseHead()
        buffer.removeSubrange(..<scanned)
        (lineStart, scanned) = (0, 0)
        lines.removeAll(keepingCapacity: true)
      }
      guard var ready = head else { return .incomplete }
      guard buffer.count >= ready.bodyLength else {
        guard ready.expectsContinue else { return .incomplete }
        head?.expectsContinue = false
        return .expectsContinue
      }
      head = nil
      if ready.bodyLength > 0 {
        ready.request.body = Array(buffer[..<ready.bodyLength])
        buffer.removeSubrange(..<ready.bodyLength)
      }
      return .request(ready.request)
    } catch {
      removeAll()
      return .refused(error)
    }
  }

  /// Finds the lines of the head; true when the empty line after it was found.
  private mutating func scanHead() throws(Refusal) -> Bool {
    if lines.isEmpty { dropEmptyLines() }
    while scanned < buffer.count {
      guard scanned < limits.head else { throw tooLong }
      let byte = buffer[scanned]
      scanned += 1
      guard byte == UInt8(ascii: "\n") else { continue }
      var end = scanned - 1
      if end > lineStart, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      let line = lineStart..<end
      lineStart = scanned
      if line.isEmpty { return true }
      lines.append(line)
    }
    return false
  }

  /// Drops empty lines before the request line, which some clients send after a body
  /// (RFC 9112 §2.2): they are no part of a request.
  private mutating func dropEmptyLines() {
    var end = 0
    while end < buffer.count {
      let length = buffer[end...].starts(with: "\r\n".utf8) ? 2 : 1
      guard length == 2 || buffer[end] == UInt8(ascii: "\n") else { break }
      end += length
    }
    buffer.removeSubrange(..<end)
    scanned = max(scanned - end, 0)
  }

  private var tooLong: Refusal {
    lines.isEmpty
      ? Refusal(status: .uriTooLong, message: "the request line is too long")
      : Refusal(
        status: .headersTooLarge, message: "the headers are longer than \(limits.head) bytes")
  }
}

// MARK: - The head

extension RequestParser {
  private static func malformed(_ message: String) -> Refusal {
    Refusal(status: .badRequest, message: message)
  }

  private func parseHead() throws(Refusal) -> Head {
    var request = try Self.requestLine(buffer[lines[0]])
    for line in lines.dropFirst() { request.headers.append(try Self.header(buffer[line])) }
    let hosts = request.headers.count { $0.name == "host" }
    guard hosts == 1 || request.isVersion10 && hosts == 0 else {
      throw Self.malformed("a request has exactly one Host header")
    }
    var head = Head(request: request, bodyLength: 0, expectsContinue: false)
    var lengths: Set<String> = []
    for header in request.headers where header.name == "content-length" {
      lengths.insert(header.value)
    }
    if let coding = request[header: "transfer-encoding"] {
      guard lengths.isEmpty else {
        throw Self.malformed("Content-Length and Transfer-Encoding exclude one another")
      }
      throw coding.lowercased() == "chunked"
        ? Refusal(status: .lengthRequired, message: "a body needs a Content-Length")
        : Refusal(status: .notImplemented, message: "this transfer coding is not supported")
    }
    if let text = lengths.first {
      guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy(Ascii.digits.contains) else {
        throw Self.malformed("the Content-Length is no number")
      }
      guard let length = Int(text), length <= limits.body else {
        throw Refusal(
          status: .contentTooLarge, message: "a body may have at most \(limits.body) bytes")
      }
      head.bodyLength = length
    }
    if let expectation = request[header: "expect"] {
      guard expectation.lowercased() == "100-continue" else {
        throw Refusal(status: .expectationFailed, message: "this expectation is not supported")
      }
      head.expectsContinue = !request.isVersion10
    }
    return head
  }

  /// `METHOD SP target SP HTTP/1.x` (RFC 9112 §3).
  private static func requestLine(_ line: ArraySlice<UInt8>) throws(Refusal) -> HTTPRequest {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(HTTPSyntax.isTokenByte),
      !parts[1].isEmpty, parts[1].allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw malformed("the request line is malformed") }
    let isVersion10: Bool
    if parts[2].elementsEqual("HTTP/1.1".utf8) {
      isVersion10 = false
    } else if parts[2].elementsEqual("HTTP/1.0".utf8) {
      isVersion10 = true
    } else if parts[2].starts(with: "HTTP/".utf8) {
      throw Refusal(
        status: .versionNotSupported, message: "only HTTP/1.1 and HTTP/1.0 are spoken here")
    } else {
      throw malformed("the request line is malformed")
    }
    // As bytes, all of which are ASCII: as characters it would take longer than all else of a request.
    var target = parts[1]
    // The absolute form, as sent to proxies (§3.2.2).
    var authority: String?
    let scheme = "http://".utf8
    if target.prefix(scheme.count).lazy.map(Ascii.lowercased).elementsEqual(scheme) {
      target = target.dropFirst(scheme.count)
      let end = target.firstIndex { "/?#".utf8.contains($0) } ?? target.endIndex
      authority = String(decoding: target[..<end], as: UTF8.self)
      target = target[end...]
      if target.first != Ascii.slash { target = [Ascii.slash] + target }
    }
    let method = String(decoding: parts[0], as: UTF8.self)
    // "*" (OPTIONS), "host:port" (CONNECT) and what else the forms of other methods are (§3.2) are
    // paths that nothing is at: such methods are answered, not malformed.
    guard target.first == Ascii.slash || !HTTPRequest.knownMethods.contains(method) else {
      throw malformed("the request target does not begin with \"/\"")
    }
    target = target.prefix { $0 != UInt8(ascii: "#") }
    let path = target.prefix { $0 != UInt8(ascii: "?") }
    let query = target[path.endIndex...].dropFirst()
    return HTTPRequest(
      method: method, path: String(decoding: path, as: UTF8.self),
      query: path.count < target.count ? String(decoding: query, as: UTF8.self) : nil,
      authority: authority, isVersion10: isVersion10)
  }

  /// `name: value` (RFC 9112 §5), no folded lines.
  private static func header(_ line: ArraySlice<UInt8>) throws(Refusal) -> HTTPRequest.Header {
    guard let field = HTTPSyntax.field(line) else { throw malformed("a header is malformed") }
    guard field.value.allSatisfy(HTTPSyntax.isValueByte) else {
      throw malformed("a header holds control characters")
    }
    return HTTPRequest.Header(
      name: field.name, value: String(decoding: field.value, as: UTF8.self))
  }
}
