/// An HTTP answer to a health check, or a connection that stands.
package struct ProbeResponse: Hashable, Sendable {
  /// The HTTP status; 0 where only a connection was asked for.
  package var status: Int
  /// The body without its transfer coding.
  package var body: [UInt8]
  /// From the beginning of the request, the connection included, to the last byte.
  package var latency: Duration

  package init(status: Int, body: [UInt8] = [], latency: Duration) {
    self.status = status
    self.body = body
    self.latency = latency
  }
}

/// Why there is no answer; the description is a short sentence for people.
package enum ProbeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing listens there.
  case refused
  /// No way there: the kernel's or a router's word (EHOSTUNREACH, ENETUNREACH).
  case unreachable
  /// The request's limit of time was reached.
  case timedOut
  /// The connection ended before the answer did.
  case closed
  /// No secure connection; with the library's own words.
  case tls(String)
  /// What came is no HTTP.
  case notHTTP
  case bodyTooLarge
  case headersTooLarge
  /// The check's task was cancelled.
  case cancelled
  /// Anything else, as a short sentence.
  case other(String)

  package var description: String {
    switch self {
    case .refused: "connection refused"
    case .unreachable: "no route to host"
    case .timedOut: "timed out"
    case .closed: "connection closed before the answer was complete"
    case .tls(let reason): "TLS: \(reason)"
    case .notHTTP: "the answer is not HTTP"
    case .bodyTooLarge: "answer over 1 MiB"
    case .headersTooLarge: "headers over 16 KiB"
    case .cancelled: "cancelled"
    case .other(let reason): reason
    }
  }
}
