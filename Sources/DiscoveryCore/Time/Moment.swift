/// A reading of the monotonic clock: nanoseconds since an arbitrary start, never stepped.
///
/// Every deadline is kept in it, so that a wall clock that jumps moves none of them.
package struct Uptime: Hashable, Comparable, Sendable {
  /// Nanoseconds since the clock's own start (CLOCK_MONOTONIC in the daemon).
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  package static func < (left: Uptime, right: Uptime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The reading `duration` after this one.
  package func advanced(by duration: Duration) -> Uptime {
    Uptime(nanoseconds: nanoseconds &+ duration.wholeNanoseconds)
  }

  /// The time from this reading to `later`; negative when `later` lies before it.
  package func duration(to later: Uptime) -> Duration {
    .nanoseconds(later.nanoseconds &- nanoseconds)
  }
}

/// A reading of the wall clock: milliseconds since 1970-01-01T00:00:00Z.
///
/// It is shown to people and never computed with.
package struct WallTime: Hashable, Comparable, Sendable {
  /// Milliseconds since the Unix epoch.
  package var milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static func < (left: WallTime, right: WallTime) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// The wall time `duration` after this one.
  package func advanced(by duration: Duration) -> WallTime {
    WallTime(milliseconds: milliseconds &+ duration.wholeNanoseconds / 1_000_000)
  }
}

/// Both clocks, read together: what every `at now:` takes.
package struct Moment: Hashable, Sendable {
  package var uptime: Uptime
  package var wall: WallTime

  package init(uptime: Uptime, wall: WallTime) {
    self.uptime = uptime
    self.wall = wall
  }

  /// The moment `duration` later, on both clocks.
  package func advanced(by duration: Duration) -> Moment {
    let nanoseconds = duration.wholeNanoseconds
    return Moment(
      uptime: Uptime(nanoseconds: uptime.nanoseconds &+ nanoseconds),
      wall: WallTime(milliseconds: wall.milliseconds &+ nanoseconds / 1_000_000))
  }
}

extension Duration {
  /// This duration in nanoseconds, cut to what 64 bits hold (292 years).
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    return scaled &+ attoseconds / 1_000_000_000
  }
}
