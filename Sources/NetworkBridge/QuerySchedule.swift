import DiscoveryCore

/// Decides when the network is asked: 1, 2, 4, 8 … seconds after a start, the gap doubling until
/// it reaches the interval, then once in each interval (RFC 6762 §5.2); in between on demand.
///
/// Whatever is demanded, two questions are never less than a second apart (§5.2).
package struct QuerySchedule: Hashable, Sendable {
  /// The shortest time between two questions.
  package static let shortestGap = Duration.seconds(1)

  /// The longest time between two questions; zero when only demanded ones are asked.
  package private(set) var interval: Duration
  /// The next question of the schedule itself.
  private var regular: Uptime?
  /// The time from that question to the one after it.
  private var gap = Self.shortestGap
  /// The question that was demanded.
  private var demanded: Uptime?
  private var lastAsked: Uptime?

  /// A schedule that rests until it is started. An `interval` under a second counts as a second,
  /// zero or less as never.
  package init(interval: Duration) {
    self.interval = Self.allowed(interval)
  }

  /// When the next question is due; nil for never.
  package var nextDeadline: Uptime? {
    guard let regular, let demanded else { return regular ?? demanded }
    return min(regular, demanded)
  }

  /// True when a question is to be asked now.
  package func isDue(at now: Uptime) -> Bool {
    nextDeadline.map { $0 <= now } ?? false
  }

  /// Starts over, as for a network that nobody has asked yet. A question that is due sooner than
  /// the first one stays, so that a network that changes all the time is asked too.
  package mutating func restart(at now: Uptime) {
    guard interval > .zero else { return }
    let first = now.advanced(by: Self.shortestGap)
    regular = min(regular ?? first, first)
    gap = Self.shortestGap
  }

  /// Demands a question at once, or as soon as the last one is a second old. It is asked even when
  /// the interval is zero, and moves no other question by more than that second.
  package mutating func askNow(at now: Uptime) {
    let earliest = lastAsked?.advanced(by: Self.shortestGap) ?? now
    demanded = min(demanded ?? .init(nanoseconds: .max), max(now, earliest))
  }

  /// The question was asked: the next one is due a gap later.
  package mutating func asked(at now: Uptime) {
    lastAsked = now
    demanded = nil
    guard let due = regular else { return }
    let earliest = now.advanced(by: Self.shortestGap)
    guard due <= now else {
      regular = max(due, earliest)
      return
    }
    // From the time that it was due at, so that being asked a little late adds up to nothing; from
    // now when whole gaps were slept through.
    let next = due.advanced(by: gap)
    regular = next < earliest ? now.advanced(by: gap) : next
    gap = min(gap * 2, interval)
  }

  /// Takes another interval: a shorter one draws the next question nearer, zero ends the schedule,
  /// and one that follows zero starts it.
  package mutating func setInterval(_ interval: Duration, at now: Uptime) {
    self.interval = Self.allowed(interval)
    guard self.interval > .zero else {
      regular = nil
      return
    }
    guard let due = regular else { return restart(at: now) }
    gap = min(gap, self.interval)
    regular = min(due, now.advanced(by: self.interval))
  }

  private static func allowed(_ interval: Duration) -> Duration {
    interval > .zero ? max(interval, shortestGap) : .zero
  }
}
