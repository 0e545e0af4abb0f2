import DiscoveryCore

/// Records as fields of systemd's journal (systemd.journal-fields(7)).
package struct JournalFormat: Sendable {
  package init() {}

  /// The record's fields in a fixed order; people read them, so their values are cleaned.
  package func fields(_ record: LogRecord) -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = [
      ("MESSAGE", PlainText.cleaned(record.message)), ("PRIORITY", Self.priority(record.level)),
    ]
    if let event = record.event {
      fields.append(("MESSAGE_ID", event.messageID))
      fields.append(("NEXUS_EVENT", event.rawValue))
    }
    for field in LogField.allCases {
      guard let value = record.fields[field] else { continue }
      fields.append((field.journalName, PlainText.cleaned(value)))
    }
    return fields
  }

  /// syslog(3)'s number for a level.
  private static func priority(_ level: LogLevel) -> String {
    switch level {
    case .trace, .debug: "7"
    case .info: "6"
    case .warn: "4"
    case .error: "3"
    }
  }
}
