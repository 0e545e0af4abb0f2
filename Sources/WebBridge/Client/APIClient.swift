import DiscoveryCore
import Glibc

/// An answer of the daemon.
package struct APIResponse: Hashable, Sendable {
  package var status: Int
  package var body: [UInt8]

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// Talks to the daemon over its Unix socket, in the calling thread, which it blocks.
///
/// It uses the system calls themselves: the library's client keeps errno to itself, so that "no
/// daemon" and "not allowed" would look alike, and its event loop would cost a short command more
/// than the request.
package struct APIClient: Sendable {
  /// A stream must show a sign of life this often: three times the server's own interval.
  package static let silence: Duration = .seconds(45)

  private let path: String

  /// A client of the daemon at `socket`; nothing is opened yet.
  package init(socket: String) {
    path = socket
  }

  /// Sends one request, with a body of JSON or without one; the whole exchange takes at most `timeout`. `path` is
  /// percent-encoded.
  package func send(
    _ method: String, _ path: String, body: [UInt8] = [], timeout: Duration = .seconds(10)
  ) throws(APIClientError) -> APIResponse {
    let deadline = Self.now().advanced(by: timeout)
    let socket = try open(until: deadline)
    defer { close(socket) }
    try Self.request(socket, method, path, [("Connection", "close")], body: body, until: deadline)
    var parser = ResponseParser(isHead: method == "HEAD")
    while true {
      let bytes = try Self.receive(socket, until: deadline)
      try Self.feed(&parser, bytes)
      let isAll = bytes.isEmpty ? parser.end() : parser.isComplete
      if isAll, let head = parser.head {
        return APIResponse(status: head.status, body: parser.takeBody())
      }
      guard !bytes.isEmpty else { throw .disconnected }
    }
  }

  /// Reads events from `path` until `onEvent` returns false; `lastEventID` resumes after that one.
  /// `onOpen` is called once, when the stream begins.
  ///
  /// Throws what `onEvent` throws, else an `APIClientError`: `refused` when there is no stream,
  /// `disconnected` or `timedOut` when it ends.
  package func watch(
    _ path: String, lastEventID: String?, onOpen: () -> Void = {},
    onEvent: (ServerSentEvent) throws -> Bool
  ) throws {
    let deadline = Self.now().advanced(by: .seconds(10))
    let socket = try open(until: deadline)
    defer { close(socket) }
    var headers = [("Accept", "text/event-stream")]
    if let lastEventID { headers.append(("Last-Event-ID", lastEventID)) }
    try Self.request(socket, "GET", path, headers, until: deadline)
    var parser = ResponseParser()
    var events = ServerSentEventParser()
    var isOpen = false
    while true {
      let bytes = try Self.receive(
        socket, until: isOpen ? Self.now().advanced(by: Self.silence) : deadline)
      try Self.feed(&parser, bytes)
      if let head = parser.head {
        guard head.status == 200 else {
          guard bytes.isEmpty || parser.isComplete else { continue }
          throw APIClientError.refused(status: head.status, body: parser.takeBody())
        }
        if !isOpen { onOpen() }
        isOpen = true
        for event in events.append(parser.takeBody()) {
          guard try onEvent(event) else { return }
        }
      }
      guard !bytes.isEmpty else { throw APIClientError.disconnected }
    }
  }

  private static func feed(_ parser: inout ResponseParser, _ bytes: [UInt8]) throws(APIClientError)
  {
    do {
      try parser.append(bytes)
    } catch {
      throw .malformedAnswer
    }
  }

  // MARK: - System calls

  private func open(until deadline: Uptime) throws(APIClientError) -> Int32 {
    guard let address = UnixAddress(path: path) else {
      throw .noDaemon(path: path, reason: Self.text(of: ENAMETOOLONG))
    }
    let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard descriptor >= 0 else { throw Self.failure("socket") }
    while address.use({ connect(descriptor, $0, $1) }) != 0 {
      let code = errno
      // The daemon is there, and busy: its queue is full (unix(7)).
      if code == EAGAIN || code == EINTR, Self.now() < deadline {
        _ = poll(nil, 0, 10)
        continue
      }
      close(descriptor)
      guard code != EAGAIN else { throw .timedOut }
      throw .noDaemon(path: path, reason: Self.text(of: code))
    }
    return descriptor
  }

  private static func request(
    _ socket: Int32, _ method: String, _ path: String, _ headers: [(String, String)],
    body: [UInt8] = [],
    until deadline: Uptime
  ) throws(APIClientError) {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    text += "Content-Length: \(body.count)\r\n"
    if !body.isEmpty { text += "Content-Type: application/json\r\n" }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    var rest = (Array((text + "\r\n").utf8) + body)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: break
      case EAGAIN: try wait(socket, Int16(POLLOUT), until: deadline)
      // A server that refuses before it has read all still has its answer read.
      case EPIPE, ECONNRESET: return
      default: throw failure("send")
      }
    }
  }

  /// The next bytes; none when the daemon ended the connection.
  private static func receive(_ socket: Int32, until deadline: Uptime) throws(APIClientError)
    -> [UInt8]
  {
    while true {
      var code: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
        let received = recv(socket, buffer.baseAddress, buffer.count, 0)
        code = received < 0 ? errno : 0
        count = max(received, 0)
      }
      switch code {
      case 0: return bytes
      case EINTR: continue
      case EAGAIN: try wait(socket, Int16(POLLIN), until: deadline)
      case ECONNRESET: return []
      default: throw failure("recv")
      }
    }
  }

  private static func wait(_ socket: Int32, _ events: Int16, until deadline: Uptime)
    throws(APIClientError)
  {
    var entry = pollfd(fd: socket, events: events, revents: 0)
    while true {
      let left = now().duration(to: deadline).wholeNanoseconds
      guard left > 0 else { throw .timedOut }
      let milliseconds = Int32(clamping: (left + 999_999) / 1_000_000)
      let count = poll(&entry, 1, milliseconds)
      if count > 0 { return }
      if count < 0, errno != EINTR { throw failure("poll") }
    }
  }

  private static func now() -> Uptime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Uptime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  private static func failure(_ operation: String) -> APIClientError {
    let code = errno
    return .system(operation: operation, code: code, text: text(of: code))
  }

  private static func text(of code: Int32) -> String {
    String(cString: strerror(code))
  }
}
