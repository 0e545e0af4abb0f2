import APIModel
import DiscoveryCore

/// Log lines for programs: one object a line (JSON Lines), every value exactly as it is, escaped.
package struct JSONFormat: Sendable {
  package init() {}

  /// The record as one line with its newline; what it does not say is absent.
  package func line(_ record: LogRecord, at time: WallTime) -> [UInt8] {
    var object = [
      "time": LogTimestamp(time).rfc3339, "level": record.level.rawValue,
      "message": record.message,
    ]
    object["event"] = record.event?.rawValue
    for (field, value) in record.fields { object[field.rawValue] = value }
    // Strings alone always encode.
    guard let line = try? JSONText.encode(object) else { return [] }
    return line + [UInt8(ascii: "\n")]
  }
}
