import DiscoveryCore
import Glibc

/// The machine's own clocks: CLOCK_MONOTONIC for deadlines, CLOCK_REALTIME to show.
package struct SystemClock: DiscoveryClock {
  /// A year: a timer so far ahead costs no wake-up.
  private static let longestSleep = Duration.seconds(365 * 86_400)

  package init() {}

  package func now() -> Moment {
    let monotonic = Self.read(CLOCK_MONOTONIC)
    let wall = Self.read(CLOCK_REALTIME)
    return Moment(
      uptime: Uptime(
        nanoseconds: Int64(monotonic.tv_sec) * 1_000_000_000 + Int64(monotonic.tv_nsec)),
      wall: WallTime(milliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000))
  }

  package func sleep(until deadline: Uptime?) async throws {
    guard let deadline else {
      while true { try await Task.sleep(for: Self.longestSleep) }
    }
    // The suspending clock is CLOCK_MONOTONIC here: it rests while the machine is suspended, as
    // the deadlines do. In turns, as a sleep of centuries is more than the runtime takes.
    while true {
      try Task.checkCancellation()
      let delay = now().uptime.duration(to: deadline)
      guard delay > .zero else { return }
      try await Task.sleep(
        for: min(delay, Self.longestSleep), tolerance: .zero, clock: SuspendingClock())
    }
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
