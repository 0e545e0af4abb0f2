import DiscoveryCore
import Testing
import nexus_discovery

/// 2026-01-31T10:00:00.123Z
private let time = WallTime(milliseconds: 1_769_853_600_123)

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("Log formats")
struct LogFormatTests {
  private let found = LogRecord(
    .discovered, "discovered gpu-box-02: ollama at http://10.0.0.5:11434",
    fields: [
      .backendID: "11111111-2222-5333-8444-555555555555", .name: "gpu-box-02",
      .instance: "gpu-box-02._ollama._tcp.local", .url: "http://10.0.0.5:11434", .type: "ollama",
      .status: "unknown", .source: "mdns", .interface: "eth0,wlan0", .address: "10.0.0.5",
    ])

  private let hostile = LogRecord(
    .skipped, "skipped a\nb\u{1B}[2J\u{202E}",
    fields: [.name: "a\nb \"c\"\u{7}", .reason: "größe 😀"])

  @Test("a text line has local time, level, message and fields in a fixed order")
  func textLine() {
    let format = TextFormat { _ in 3600 }
    #expect(
      text(format.line(found, at: time))
        == "2026-01-31 11:00:00.123 info  discovered gpu-box-02: ollama at http://10.0.0.5:11434"
        + " event=discovered backend_id=11111111-2222-5333-8444-555555555555 name=gpu-box-02"
        + " instance=gpu-box-02._ollama._tcp.local url=http://10.0.0.5:11434 type=ollama"
        + " status=unknown source=mdns interface=eth0,wlan0 address=10.0.0.5\n")
    #expect(
      text(format.line(LogRecord(.error, "no"), at: time)) == "2026-01-31 11:00:00.123 error no\n")
  }

  @Test("a text line stays one line, whatever its values hold")
  func textIsOneLine() {
    #expect(
      text(TextFormat { _ in 0 }.line(hostile, at: time))
        == #"2026-01-31 10:00:00.123 debug skipped a\nb\u{1B}[2J\u{202E} event=skipped"#
        + #" name="a\nb \"c\"\u{7}" reason="größe 😀""# + "\n")
    let empty = LogRecord(.info, "", fields: [.name: "", .reason: "a=b"])
    #expect(
      text(TextFormat { _ in 0 }.line(empty, at: time))
        == "2026-01-31 10:00:00.123 info   name=\"\" reason=\"a=b\"\n")
  }

  @Test("a JSON line has the exact values, escaped, and leaves out what is not said")
  func jsonLine() {
    #expect(
      text(JSONFormat().line(found, at: time))
        == #"{"address":"10.0.0.5","backend_id":"11111111-2222-5333-8444-555555555555","#
        + #""event":"discovered","instance":"gpu-box-02._ollama._tcp.local","#
        + #""interface":"eth0,wlan0","level":"info","#
        + #""message":"discovered gpu-box-02: ollama at http://10.0.0.5:11434","#
        + #""name":"gpu-box-02","source":"mdns","status":"unknown","#
        + #""time":"2026-01-31T10:00:00.123Z","type":"ollama","url":"http://10.0.0.5:11434"}"#
        + "\n")
    #expect(
      text(JSONFormat().line(hostile, at: time))
        == #"{"event":"skipped","level":"debug","message":"skipped a\nb\u001b[2J\u202e","name":"a\nb \"c\"\u0007","reason":"größe 😀","time":"2026-01-31T10:00:00.123Z"}"#
        + "\n")
  }

  @Test("a count is a number in JSON, and text elsewhere")
  func count() {
    let record = LogRecord(.warn, "7 log lines were left out", fields: [.count: "7"])
    #expect(
      text(JSONFormat().line(record, at: time))
        == #"{"count":7,"level":"warn","message":"7 log lines were left out","#
        + #""time":"2026-01-31T10:00:00.123Z"}"# + "\n")
    #expect(JournalFormat().fields(record).last?.name == "NEXUS_COUNT")
    #expect(JournalFormat().fields(record).last?.value == "7")
  }

  @Test("the journal gets message, priority, id and fields, cleaned")
  func journalFields() {
    let fields = JournalFormat().fields(found).map { "\($0.name)=\($0.value)" }
    #expect(
      fields == [
        "MESSAGE=discovered gpu-box-02: ollama at http://10.0.0.5:11434", "PRIORITY=6",
        "MESSAGE_ID=\(LogEvent.discovered.messageID)", "NEXUS_EVENT=discovered",
        "NEXUS_BACKEND_ID=11111111-2222-5333-8444-555555555555", "NEXUS_NAME=gpu-box-02",
        "NEXUS_INSTANCE=gpu-box-02._ollama._tcp.local", "NEXUS_URL=http://10.0.0.5:11434",
        "NEXUS_TYPE=ollama", "NEXUS_STATUS=unknown", "NEXUS_SOURCE=mdns",
        "NEXUS_INTERFACE=eth0,wlan0", "NEXUS_ADDRESS=10.0.0.5",
      ])
    #expect(
      JournalFormat().fields(hostile).map { "\($0.name)=\($0.value)" } == [
        #"MESSAGE=skipped a\nb\u{1B}[2J\u{202E}"#, "PRIORITY=7",
        "MESSAGE_ID=\(LogEvent.skipped.messageID)", "NEXUS_EVENT=skipped",
        #"NEXUS_NAME=a\nb "c"\u{7}"#, "NEXUS_REASON=größe 😀",
      ])
  }

  @Test(
    "levels are syslog's priorities",
    arguments: [
      (LogLevel.trace, "7"), (.debug, "7"), (.info, "6"), (.warn, "4"), (.error, "3"),
    ])
  func priorities(_ level: LogLevel, _ priority: String) {
    let fields = JournalFormat().fields(LogRecord(level, "x")).map { "\($0.name)=\($0.value)" }
    #expect(fields == ["MESSAGE=x", "PRIORITY=\(priority)"])
  }

  @Test("each event has an id of its own, and the levels that are promised")
  func events() {
    let ids = LogEvent.allCases.map { $0.messageID }
    #expect(Set(ids).count == LogEvent.allCases.count)
    #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    let levels = Dictionary(uniqueKeysWithValues: LogEvent.allCases.map { ($0.rawValue, $0.level) })
    #expect(
      levels == [
        "discovered": .info, "updated": .info, "disappeared": .warn, "reappeared": .info,
        "removed": .info, "healthy": .info, "unhealthy": .warn, "skipped": .debug,
        "source_up": .info, "source_down": .warn, "announced": .info, "withdrawn": .info,
        "config_reloaded": .info, "config_rejected": .error, "limit_reached": .warn,
      ])
  }

  @Test(
    "times are on the right day",
    arguments: [
      (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_769_853_600_123, "2026-01-31T10:00:00.123Z"),
    ])
  func timestamps(_ milliseconds: Int64, _ expected: String) {
    #expect(LogTimestamp(WallTime(milliseconds: milliseconds)).rfc3339 == expected)
  }

  @Test("local time may lie on another day")
  func localTime() {
    let newYear = WallTime(milliseconds: 1_767_224_700_000)
    #expect(LogTimestamp(newYear, utcOffset: 3600).local == "2026-01-01 00:45:00.000")
    #expect(LogTimestamp(newYear, utcOffset: -12_600).local == "2025-12-31 20:15:00.000")
  }
}
