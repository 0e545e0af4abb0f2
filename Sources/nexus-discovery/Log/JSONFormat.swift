import APIModel
import DiscoveryCore

/// Log lines for programs: one object a line (JSON Lines), every value exactly as it is, escaped.
package struct JSONFormat: Sendable {
  package init() {}

  /// The record as one line with its newline; what it does not say is absent.
  package func line(_ record: LogRecord, at time: WallTime) -> [UInt8] {
    var object: [String: Value] = [
      "time": .text(LogTimestamp(time).rfc3339), "level": .text(record.level.rawValue),
      "message": .text(record.message),
    ]
    object["event"] = record.event.map { .text($0.rawValue) }
    for (field, value) in record.fields {
      let number = field == .count ? Int(value) : nil
      object[field.rawValue] = number.map(Value.number) ?? .text(value)
    }
    // Strings and whole numbers always encode.
    guard let line = try? JSONText.encode(object) else { return [] }
    return line + [UInt8(ascii: "\n")]
  }

  private enum Value: Encodable {
    case text(String)
    case number(Int)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      }
    }
  }
}
