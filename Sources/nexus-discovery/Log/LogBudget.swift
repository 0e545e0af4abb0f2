import DiscoveryCore

/// How much the network may make the log grow.
///
/// Events that any neighbour can cause have a bucket each, so that a flood of new servers does not
/// silence the disappearance of old ones: a burst is logged whole, then a line now and then. What is
/// left out is counted, and told while it lasts and when it is over. All other events are logged
/// whatever happens.
package struct LogBudget: Sendable {
  /// How many lines of each event may come at once: all servers of a network of 1,500, with room. The
  /// journal's own limit (10,000 lines in 30 s, journald.conf(5)) is not met by four events' bursts.
  package static let burst = 2000
  /// From one line of an event to the next when its burst is used up: at most 86,400 a day.
  package static let interval = Duration.seconds(1)
  /// From one telling of what was left out to the next.
  package static let reportInterval = Duration.seconds(10)

  /// When the event's bucket is full again, if no more of it comes.
  private var fullAgain: [LogEvent: Uptime] = [:]
  /// Since the last report.
  private var leftOut: [LogEvent: Int] = [:]
  /// Since the flood began.
  private var total = 0
  /// When `tick` is due; nil while nothing is left out.
  package private(set) var nextDeadline: Uptime?

  package init() {}

  /// True when a line of `event` may be logged; a line that may not is counted.
  package mutating func admits(_ event: LogEvent?, at now: Uptime) -> Bool {
    guard let event, event.isCausedByNeighbours else { return true }
    let full = max(fullAgain[event] ?? now, now)
    guard now.duration(to: full) <= Self.interval * (Self.burst - 1) else {
      leaveOut(1, of: event, at: now)
      return false
    }
    fullAgain[event] = full.advanced(by: Self.interval)
    return true
  }

  /// Counts lines of `event` that were left out elsewhere.
  package mutating func leaveOut(_ count: Int, of event: LogEvent, at now: Uptime) {
    guard count > 0 else { return }
    leftOut[event, default: 0] += count
    total += count
    if nextDeadline == nil { nextDeadline = now.advanced(by: Self.reportInterval) }
  }

  /// What to log of what was left out until now.
  package mutating func tick(at now: Uptime) -> LogRecord? {
    guard let deadline = nextDeadline, deadline <= now else { return nil }
    guard leftOut.isEmpty else {
      nextDeadline = now.advanced(by: Self.reportInterval)
      return report()
    }
    defer { (total, nextDeadline) = (0, nil) }
    return LogRecord(
      .info, "the log is complete again: \(Self.lines(total)) left out in all",
      fields: [.count: "\(total)"])
  }

  /// What to log of what was left out and not told yet, whenever that is due.
  package mutating func finish() -> LogRecord? {
    defer { (total, nextDeadline) = (0, nil) }
    return leftOut.isEmpty ? nil : report()
  }

  private mutating func report() -> LogRecord {
    defer { leftOut = [:] }
    let parts = LogEvent.allCases.compactMap { event in
      leftOut[event].map { "\($0) \(event.rawValue)" }
    }
    let count = leftOut.values.reduce(0, +)
    return LogRecord(
      .warn, "\(Self.lines(count)) left out: \(parts.joined(separator: ", "))",
      fields: [.count: "\(count)"])
  }

  private static func lines(_ count: Int) -> String {
    count == 1 ? "1 log line was" : "\(count) log lines were"
  }
}

extension LogEvent {
  /// True for what strangers on the network can cause as often as they like.
  fileprivate var isCausedByNeighbours: Bool {
    switch self {
    case .discovered, .updated, .disappeared, .reappeared, .removed, .healthy, .unhealthy, .skipped:
      true
    case .sourceUp, .sourceDown, .announced, .withdrawn, .configReloaded, .configRejected,
      .limitReached:
      false
    }
  }
}
