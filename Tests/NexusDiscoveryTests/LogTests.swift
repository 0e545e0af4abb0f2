import DiscoveryCore
import Glibc
import Synchronization
import Testing
import nexus_discovery

/// A clock that stands still.
private struct StoppedClock: DiscoveryClock {
  func now() -> Moment {
    Moment(
      uptime: Uptime(nanoseconds: 0), wall: WallTime(milliseconds: 1_769_853_600_123))
  }
  func sleep(until deadline: Uptime?) async throws {}
}

/// A pipe that does not block at either end, closed with the value.
private final class Pipe: Sendable {
  let reader: Int32
  let writer: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    _ = Glibc.pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// All that is in it, up to 4 MiB.
  func read() -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 4 << 20 {
      let count = Glibc.read(reader, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  func lines() -> [String] {
    String(decoding: read(), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// What the journal was given.
private final class RecordedJournal: Sendable {
  let messages = Mutex<[String]>([])

  func send(_ fields: [(name: String, value: String)]) {
    messages.withLock { $0.append(fields.first?.value ?? "") }
  }
}

@Suite("Log")
struct LogTests {
  private let pipe = Pipe()
  private let journal = RecordedJournal()

  private func log(
    _ format: LogFormat, _ level: LogLevel = .info, isUnderJournal: Bool = false
  ) -> Log {
    Log(
      settings(format, level), isUnderJournal: isUnderJournal, journal: journal.send,
      clock: StoppedClock(), output: pipe.writer)
  }

  private func settings(_ format: LogFormat, _ level: LogLevel) -> LoggingSettings {
    var settings = LoggingSettings()
    (settings.format, settings.level) = (format, level)
    return settings
  }

  @Test(
    "a record goes to the journal when it is asked for, or auto and there",
    arguments: [
      (LogFormat.auto, true, true), (.auto, false, false), (.text, true, false),
      (.json, true, false), (.journal, false, true), (.journal, true, true),
    ])
  func destination(_ format: LogFormat, _ isUnderJournal: Bool, _ isToJournal: Bool) {
    log(format, isUnderJournal: isUnderJournal).info("hello")
    #expect(journal.messages.withLock { $0 } == (isToJournal ? ["hello"] : []))
    #expect(pipe.lines().count == (isToJournal ? 0 : 1))
  }

  @Test("what is less grave than the level is not logged, and not even made")
  func level() {
    let log = log(.text, .warn)
    log.trace(
      {
        Issue.record("made"); return ""
      }())
    log.debug("b")
    log.info("c")
    log.write(LogRecord(.discovered, "d"))
    log.warn("e")
    log.error("f")
    #expect(pipe.lines().map { $0.dropFirst(24) } == ["warn  e", "error f"])
    #expect(log.isEnabled(.warn))
    #expect(!log.isEnabled(.info))
  }

  @Test("level and format change while it runs")
  func configure() {
    let log = log(.text, .error)
    log.info("a")
    log.configure(settings(.json, .trace))
    log.trace("b")
    #expect(
      pipe.lines() == [#"{"level":"trace","message":"b","time":"2026-01-31T10:00:00.123Z"}"#])
  }

  @Test("a reader that goes costs its lines, not the process")
  func brokenPipe() {
    let log = log(.text)
    var output = LineOutput(descriptor: pipe.writer)
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    dup2(null, pipe.reader)
    close(null)
    log.info("nobody reads this")
    output.write(Array("nor this\n".utf8))
  }

  @Test("a full pipe loses lines, and never joins two")
  func fullPipe() {
    var output = LineOutput(descriptor: pipe.writer)
    let line = Array((String(repeating: "x", count: 9999) + "\n").utf8)
    for _ in 0..<100 { output.write(line) }
    let first = pipe.lines()
    #expect((1..<100).contains(first.count))
    output.write(Array("after\n".utf8))
    #expect(pipe.read() == Array("\nafter\n".utf8))
    for line in first.dropLast() { #expect(line.utf8.count == 9999) }
  }

  @Test("lines of many threads do not mix")
  func concurrency() async {
    let log = log(.text)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask { for index in 0..<25 { log.info("task \(task) line \(index) end") } }
      }
    }
    let lines = pipe.lines()
    #expect(lines.count == 200)
    #expect(lines.allSatisfy { $0.contains(" info  task ") && $0.hasSuffix(" end") })
  }
}
