import DiscoveryCore

/// Decides when the network is asked: 1, 2, 4, 8 … seconds after a start, the gap doubling until
/// it reaches the interval, then once in each interval (RFC 6762 §5.2); in between on demand, and
/// after a goodbye that anyone may have forged.
///
/// While it is held, only what is demanded is asked: Avahi's own question is still being answered, and
/// another would have everyone answer twice, until packets are lost.
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
  private var search = Search()
  /// Nothing but what is demanded is asked before; nil when nothing is held back.
  private var heldUntil: Uptime?
  private var lastAsked: Uptime?

  /// Questions for what went: it answers when its goodbye was forged, which nothing else would tell.
  private struct Search: Hashable, Sendable {
    /// So many are asked, since a question or its answer may be lost.
    static let questions = 3

    /// The next one; nil when there is none.
    var due: Uptime?
    /// How many are to be asked, the next one included.
    var remaining = 0
    /// When the last one was asked; nil when that was long ago.
    var lastAsked: Uptime?
    /// From the last one to the next: it doubles with each, whatever else went meanwhile, so that
    /// forged goodbyes without end are worth few questions.
    var gap = QuerySchedule.shortestGap
    var longestGap = QuerySchedule.shortestGap
  }

  /// A schedule that rests until it is started. An `interval` under a second counts as a second,
  /// zero or less as never.
  package init(interval: Duration) {
    self.interval = Self.allowed(interval)
  }

  /// When the next question is due; nil for never.
  package var nextDeadline: Uptime? {
    let own = [regular, search.due].compactMap { $0 }.min()
    let held = own.map { max($0, heldUntil ?? $0) }
    return [held, demanded].compactMap { $0 }.min()
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
    // One that fell due while nothing could be asked is due now.
    regular = min(max(regular ?? first, now), first)
    gap = Self.shortestGap
  }

  /// Asks nothing of itself before `end`, or before `release`.
  package mutating func hold(until end: Uptime) {
    heldUntil = end
  }

  /// What was held back may be asked.
  package mutating func release() {
    heldUntil = nil
  }

  /// Demands a question at once, or as soon as the last one is a second old. It is asked even when
  /// the interval is zero, and moves no other question by more than that second.
  package mutating func askNow(at now: Uptime) {
    let earliest = lastAsked?.advanced(by: Self.shortestGap) ?? now
    demanded = min(demanded ?? .init(nanoseconds: .max), max(now, earliest))
  }

  /// Something went, and is removed for good when it does not answer within `gracePeriod`: asks at
  /// once, then after 1 and 2 seconds more.
  ///
  /// When things go on going, the gap doubles on until it reaches half the grace period, or the
  /// interval where that is shorter, so that each has its question in time; it is a second again when
  /// nothing was asked for twice the longest gap. With an interval of zero nothing is asked.
  package mutating func missed(at now: Uptime, gracePeriod: Duration) {
    guard interval > .zero else { return }
    search.longestGap = min(max(gracePeriod / 2, Self.shortestGap), interval)
    search.gap = min(search.gap, search.longestGap)
    if let last = search.lastAsked, last.advanced(by: search.longestGap * 2) <= now {
      search.lastAsked = nil
    }
    search.remaining = Search.questions
    let earliest = [
      lastAsked?.advanced(by: Self.shortestGap), search.lastAsked?.advanced(by: search.gap),
    ].compactMap { $0 }
    search.due = earliest.reduce(now, max)
  }

  /// The question was asked: the next one is due a gap later.
  package mutating func asked(at now: Uptime) {
    lastAsked = now
    demanded = nil
    askedForMissing(at: now)
    guard let due = regular else { return }
    let earliest = now.advanced(by: Self.shortestGap)
    guard due <= now else {
      regular = max(due, earliest)
      return
    }
    // From the time that it was due at, so that being asked a little late adds up to nothing; those that
    // were held back meanwhile are this one.
    var (next, nextGap) = (due.advanced(by: gap), gap)
    while next <= now, nextGap < interval {
      nextGap = min(nextGap * 2, interval)
      next = next.advanced(by: nextGap)
    }
    // From now when all that was slept through.
    if next <= now { (next, nextGap) = (now.advanced(by: gap), gap) }
    regular = max(next, earliest)
    gap = min(nextGap * 2, interval)
  }

  /// Takes another interval: a shorter one draws the next question nearer, zero ends the schedule,
  /// and one that follows zero starts it.
  package mutating func setInterval(_ interval: Duration, at now: Uptime) {
    self.interval = Self.allowed(interval)
    guard self.interval > .zero else {
      regular = nil
      search = Search()
      return
    }
    guard let due = regular else { return restart(at: now) }
    gap = min(gap, self.interval)
    regular = min(due, now.advanced(by: self.interval))
  }

  /// Whatever a question was asked for, it serves the search too.
  private mutating func askedForMissing(at now: Uptime) {
    guard let due = search.due else { return }
    let earliest = now.advanced(by: Self.shortestGap)
    guard due <= now else {
      search.due = max(due, earliest)
      return
    }
    search.gap =
      search.lastAsked == nil ? Self.shortestGap : min(search.gap * 2, search.longestGap)
    search.lastAsked = now
    search.remaining -= 1
    search.due = search.remaining > 0 ? now.advanced(by: search.gap) : nil
  }

  private static func allowed(_ interval: Duration) -> Duration {
    interval > .zero ? max(interval, shortestGap) : .zero
  }
}
