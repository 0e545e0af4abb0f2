import CWebSockets
import Synchronization

/// The library's log is one for the whole process; only its errors are of interest.
enum LibraryLog {
  private struct State {
    var sink: (@Sendable (String) -> Void)?
    var last: String?
  }

  private static let state = Mutex(State())

  /// From here on, errors go to `sink`.
  static func send(to sink: @escaping @Sendable (String) -> Void) {
    state.withLock { $0.sink = sink }
    lws_set_log_level(1 << 0) { _, line in  // LLL_ERR
      guard let line else { return }
      LibraryLog.take(String(cString: line))
    }
  }

  /// The last error since this was asked before.
  static func takeLast() -> String? {
    state.withLock { state in
      defer { state.last = nil }
      return state.last
    }
  }

  private static func take(_ line: String) {
    var text = line[...]
    while text.last?.isNewline == true { text.removeLast() }
    // "[2026/01/31 10:00:00:1234] E: text"
    if let end = text.firstIndex(of: "]") { text = text[text.index(after: end)...] }
    while text.first == " " { text.removeFirst() }
    if text.hasPrefix("E: ") { text = text.dropFirst(3) }
    let cleaned = String(text)
    let sink = state.withLock { state in
      state.last = cleaned
      return state.sink
    }
    sink?(cleaned)
  }
}
