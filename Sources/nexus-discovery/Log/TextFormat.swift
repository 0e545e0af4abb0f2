import DiscoveryCore

/// Log lines for people: `2026-01-31 11:00:00.123 info  discovered … name=gpu-box-02`.
package struct TextFormat: Sendable {
  /// The local time's offset from UTC at a wall time, in seconds.
  private let utcOffset: @Sendable (WallTime) -> Int

  package init(utcOffset: @escaping @Sendable (WallTime) -> Int) {
    self.utcOffset = utcOffset
  }

  /// The record as one line with its newline: nothing in it can begin another.
  package func line(_ record: LogRecord, at time: WallTime) -> [UInt8] {
    var line = LogTimestamp(time, utcOffset: utcOffset(time)).local
    line += " " + record.level.rawValue
    line += String(repeating: " ", count: 6 - record.level.rawValue.utf8.count)
    line += PlainText.cleaned(record.message)
    if let event = record.event { line += " event=" + event.rawValue }
    for field in LogField.allCases {
      if let value = record.fields[field] { line += " \(field.rawValue)=" + Self.quoted(value) }
    }
    return Array(line.utf8) + [UInt8(ascii: "\n")]
  }

  /// The value, in quotes where it would not read as one word.
  private static func quoted(_ value: String) -> String {
    let clean = PlainText.cleaned(value)
    let isWord = !clean.isEmpty && !clean.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
    if isWord { return clean }
    var quoted = "\""
    for character in clean { quoted += character == "\"" ? "\\\"" : String(character) }
    return quoted + "\""
  }
}
