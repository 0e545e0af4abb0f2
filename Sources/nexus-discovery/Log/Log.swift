import DiscoveryCore
import Glibc
import Synchronization

/// Where everything that is to be logged goes; safe to use from anywhere.
package final class Log: Sendable {
  /// Sends one record's fields to systemd's journal.
  package typealias Journal = @Sendable ([(name: String, value: String)]) -> Void

  private let isUnderJournal: Bool
  private let journal: Journal
  private let clock: any DiscoveryClock
  /// The index of the least grave level that is logged; read without waiting for a writer.
  private let threshold: Atomic<Int>
  private let state: Mutex<State>

  private struct State {
    var format: LogFormat
    var output: LineOutput
    var lostLines = 0
  }

  /// A log as `settings` say. `isUnderJournal` is true when systemd has tied stderr to its journal,
  /// which decides what the format "auto" is; `output` is a descriptor, stderr where not named.
  package init(
    _ settings: LoggingSettings, isUnderJournal: Bool, journal: @escaping Journal,
    clock: any DiscoveryClock, output: Int32 = STDERR_FILENO
  ) {
    self.isUnderJournal = isUnderJournal
    self.journal = journal
    self.clock = clock
    threshold = Atomic(settings.level.index)
    state = Mutex(State(format: settings.format, output: LineOutput(descriptor: output)))
  }

  /// Puts other settings in force, from the next record on.
  package func configure(_ settings: LoggingSettings) {
    threshold.store(settings.level.index, ordering: .relaxed)
    state.withLock { $0.format = settings.format }
  }

  /// True when records of `level` are logged; asked before a costly one is made.
  package func isEnabled(_ level: LogLevel) -> Bool {
    level.index >= threshold.load(ordering: .relaxed)
  }

  /// Logs a record, unless it is less grave than what is asked for.
  package func write(_ record: LogRecord) {
    guard isEnabled(record.level) else { return }
    let time = clock.now().wall
    let format = state.withLock { $0.format }
    switch format {
    case .journal: journal(JournalFormat().fields(record))
    case .auto where isUnderJournal: journal(JournalFormat().fields(record))
    case .json, .text, .auto: writeLine(record, at: time, as: format)
    }
  }

  /// Lines that nobody took are counted, and the count is told once somebody takes lines again.
  private func writeLine(_ record: LogRecord, at time: WallTime, as format: LogFormat) {
    func line(_ record: LogRecord) -> [UInt8] {
      format == .json
        ? JSONFormat().line(record, at: time)
        : TextFormat(utcOffset: Self.localOffset).line(record, at: time)
    }
    let bytes = line(record)
    state.withLock { state in
      if state.lostLines > 0 {
        let loss = line(LogRecord(.warn, "\(state.lostLines) log lines were lost: nobody read"))
        if state.output.write(loss) { state.lostLines = 0 }
      }
      if !state.output.write(bytes) { state.lostLines += 1 }
    }
  }

  /// The machine's time zone at `wall`, in seconds east of UTC.
  @Sendable private static func localOffset(_ wall: WallTime) -> Int {
    var seconds = time_t(wall.milliseconds / 1000)
    var calendar = tm()
    return localtime_r(&seconds, &calendar) == nil ? 0 : Int(calendar.tm_gmtoff)
  }
}

extension Log {
  package func trace(_ message: @autoclosure () -> String) { write(.trace, message) }
  package func debug(_ message: @autoclosure () -> String) { write(.debug, message) }
  package func info(_ message: @autoclosure () -> String) { write(.info, message) }
  package func warn(_ message: @autoclosure () -> String) { write(.warn, message) }
  package func error(_ message: @autoclosure () -> String) { write(.error, message) }

  private func write(_ level: LogLevel, _ message: () -> String) {
    if isEnabled(level) { write(LogRecord(level, message())) }
  }
}

extension LogLevel {
  /// Grows with gravity.
  fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
