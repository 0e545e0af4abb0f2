import DiscoveryCore

/// One thing to log, whatever the format.
package struct LogRecord: Hashable, Sendable {
  package var level: LogLevel
  /// Nil where a message tells of nothing that programs wait for.
  package var event: LogEvent?
  /// One sentence for people; may repeat what the network says, which no format shows as it came.
  package var message: String
  package var fields: [LogField: String]

  package init(_ level: LogLevel, _ message: String, fields: [LogField: String] = [:]) {
    self.level = level
    self.message = message
    self.fields = fields
  }

  /// A record of `event`, as grave as that is.
  package init(_ event: LogEvent, _ message: String, fields: [LogField: String] = [:]) {
    self.init(event.level, message, fields: fields)
    self.event = event
  }
}

/// What a record says apart, for programs; the raw value is the name in JSON and text.
package enum LogField: String, CaseIterable, Hashable, Sendable {
  case backendID = "backend_id"
  case name
  /// The escaped full name of an mDNS instance.
  case instance
  case url
  case type
  case status
  case source
  /// Several are joined by ",".
  case interface
  case address
  case reason
  /// How many lines or changes the record stands for; a number in JSON.
  case count

  /// The name in the journal: `NEXUS_BACKEND_ID`.
  package var journalName: String { "NEXUS_" + rawValue.uppercased() }
}
