/// Why a request to the daemon came to nothing.
package enum APIClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nobody answers at the socket; the reason is the system's own (`No such file or directory`).
  case noDaemon(path: String, reason: String)
  /// No answer in time, or a stream without a sign of life.
  case timedOut
  /// The daemon ended the connection before it had said all.
  case disconnected
  /// The answer is no HTTP.
  case malformedAnswer
  /// A stream was refused: the status and the body, an `ErrorDocument`.
  case refused(status: Int, body: [UInt8])
  /// A system call failed: its name, errno and its text.
  case system(operation: String, code: Int32, text: String)

  package var description: String {
    switch self {
    case .noDaemon(let path, let reason): "no daemon at \(path): \(reason)"
    case .timedOut: "the daemon did not answer in time"
    case .disconnected: "the daemon ended the connection"
    case .malformedAnswer: "the answer is no HTTP"
    case .refused(let status, _): "the daemon refused with status \(status)"
    case .system(let operation, _, let text): "\(operation): \(text)"
    }
  }
}
