import DiscoveryCore

/// What one probe says and what comes of the answer; it does no I/O.
struct ProbeExchange {
  typealias Outcome = Result<ProbeResponse, ProbeError>

  let request: ProbeRequest
  private let start: Uptime
  private var parser: ResponseParser
  private var isConnecting = true

  init(_ request: ProbeRequest, at now: Uptime) {
    self.request = request
    start = now
    var limits = ResponseParser.Limits()
    limits.head = request.limits.headers
    limits.body = request.limits.body
    parser = ResponseParser(limits: limits)
  }

  /// When it has waited long enough.
  var deadline: Uptime {
    let limits = request.limits
    return start.advanced(by: isConnecting ? min(limits.connecting, limits.total) : limits.total)
  }

  /// The bytes of the request: the connection stands, TLS included. Throws where what it is made of
  /// could pass for more than one request.
  mutating func ask(for path: String, as userAgent: String) throws(ProbeError) -> [UInt8] {
    isConnecting = false
    guard path.utf8.first == Ascii.slash, Self.isVisible(path), Self.isVisible(request.hostHeader)
    else { throw .other("a path or host name that no request can carry") }
    var text = "GET \(path) HTTP/1.1\r\nHost: \(request.hostHeader)\r\n"
    text += "User-Agent: \(userAgent)\r\n"
    text += "Accept: application/json, */*;q=0.5\r\nAccept-Encoding: identity\r\n"
    // What `APIKey` lets pass is visible, too.
    if let key = request.access.key { text += "Authorization: Bearer \(key.value)\r\n" }
    text += "Connection: close\r\n\r\n"
    return Array(text.utf8)
  }

  /// Takes a part of the answer; nil while more is to come.
  mutating func receive(_ bytes: some Collection<UInt8>, at now: Uptime) -> Outcome? {
    do throws(ResponseParser.Problem) {
      try parser.append(bytes)
    } catch {
      return .failure(.answer(error))
    }
    return parser.isComplete ? answer(at: now) : nil
  }

  /// The server ended the connection, in good order.
  mutating func end(at now: Uptime) -> Outcome {
    if parser.isUntouched { return .failure(.other("connection closed without an answer")) }
    return parser.end() ? answer(at: now) : .failure(.closed)
  }

  /// The connection is all that was wanted, and there it is.
  func connected(at now: Uptime) -> Outcome {
    .success(ProbeResponse(status: 0, latency: start.duration(to: now)))
  }

  private mutating func answer(at now: Uptime) -> Outcome {
    .success(
      ProbeResponse(
        status: parser.head?.status ?? 0, body: parser.takeBody(),
        latency: start.duration(to: now)))
  }

  private static func isVisible(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
