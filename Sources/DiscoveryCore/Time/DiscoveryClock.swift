/// What tells the time to the parts that act; the parts that decide are told it as `at now:`.
package protocol DiscoveryClock: Sendable {
  /// Both clocks, now.
  func now() -> Moment

  /// Returns at `deadline`, or never for nil; throws `CancellationError` as soon as the task is
  /// cancelled.
  func sleep(until deadline: Uptime?) async throws
}
