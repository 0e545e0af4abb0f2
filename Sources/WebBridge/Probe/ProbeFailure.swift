import DiscoveryCore
import Glibc

extension ProbeError {
  /// What a failed system call on a probe's socket means.
  static func system(_ code: Int32) -> ProbeError {
    switch code {
    case ECONNREFUSED: .refused
    case EHOSTUNREACH, ENETUNREACH: .unreachable
    case ETIMEDOUT: .timedOut
    case ECONNRESET, EPIPE: .other("connection reset")
    default: .other(sentence(of: code))
    }
  }

  /// errno's text as the end of a sentence: "permission denied".
  static func sentence(of code: Int32) -> String {
    // glibc's strerror is thread-safe since 2.32, for known and unknown codes.
    guard let text = strerror(code) else { return "error \(code)" }
    let words = String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
  }

  /// What is wrong with an answer.
  static func answer(_ problem: ResponseParser.Problem) -> ProbeError {
    switch problem {
    case .notHTTP: .notHTTP
    case .malformed(let what): .other("malformed answer: \(what)")
    case .headTooLong: .headersTooLarge
    case .bodyTooLong: .bodyTooLarge
    }
  }
}
