import DiscoveryCore
import Glibc

/// The machine's own clocks: CLOCK_MONOTONIC for deadlines, CLOCK_REALTIME to show.
package struct SystemClock: DiscoveryClock {
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
    try Task.checkCancellation()
    if let deadline, deadline <= now().uptime { return }
    let sleep = ClockSleep(until: deadline)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { sleep.begin($0) }
    } onCancel: {
      sleep.cancel()
    }
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
