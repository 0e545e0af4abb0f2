/// One event of a stream (HTML §9.2, server-sent events).
package struct ServerSentEvent: Hashable, Sendable {
  /// `message` where the stream names none.
  package var name: String
  /// The stream's last id so far; nil before the first.
  package var id: String?
  package var data: String

  package init(name: String, id: String?, data: String) {
    self.name = name
    self.id = id
    self.data = data
  }
}

/// Reads a stream of events from chunks that may be split anywhere.
package struct ServerSentEventParser: Sendable {
  private var line: [UInt8] = []
  private var endedWithCR = false
  private var isFirstLine = true
  private var name = ""
  private var id: String?
  private var data: [String] = []

  package init() {}

  /// Takes a chunk; the events that it completes.
  package mutating func append(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n") where endedWithCR: endedWithCR = false
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        endedWithCR = byte == UInt8(ascii: "\r")
        if let event = endLine() { events.append(event) }
      default:
        endedWithCR = false
        line.append(byte)
      }
    }
    return events
  }

  private mutating func endLine() -> ServerSentEvent? {
    var text = String(decoding: line, as: UTF8.self)[...]
    line.removeAll(keepingCapacity: true)
    if isFirstLine, text.unicodeScalars.first == "\u{FEFF}" {
      text = Substring(text.unicodeScalars.dropFirst())
    }
    isFirstLine = false
    guard !text.isEmpty else { return dispatch() }
    let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
    let field = text[..<(colon ?? text.endIndex)]
    var value = colon.map { text[text.utf8.index(after: $0)...] } ?? ""
    if value.utf8.first == UInt8(ascii: " ") {
      value = value[value.utf8.index(after: value.startIndex)...]
    }
    switch field {
    case "event": name = String(value)
    case "id": if !value.unicodeScalars.contains("\0") { id = String(value) }
    case "data": data.append(String(value))
    // A comment (an empty field), or a field that is to be ignored.
    default: break
    }
    return nil
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      name = ""
      data = []
    }
    guard !data.isEmpty else { return nil }
    return ServerSentEvent(
      name: name.isEmpty ? "message" : name, id: id, data: data.joined(separator: "\n"))
  }
}
