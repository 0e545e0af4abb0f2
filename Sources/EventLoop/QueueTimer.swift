import Dispatch
import DiscoveryCore

/// A one-shot timer on a queue that can be set again; it rests until it is set.
///
/// All calls are made on the queue. It runs on the monotonic clock, so a wall clock that steps
/// moves nothing.
package final class QueueTimer {
  private static let longestDelay = Duration.seconds(365 * 86_400)

  private let clock: QueueClock
  private let handler: @Sendable () -> Void

  /// A timer on the queue of `clock`, which many may share.
  package init(clock: QueueClock, handler: @escaping @Sendable () -> Void) {
    self.clock = clock
    self.handler = handler
  }

  /// A timer with a clock of its own.
  package convenience init(queue: DispatchQueue, handler: @escaping @Sendable () -> Void) {
    self.init(clock: QueueClock(queue: queue), handler: handler)
  }

  /// Fires once, `delay` from now (at once when it is negative); replaces what was set.
  package func fire(after delay: Duration) {
    let delay = min(max(delay, .zero), Self.longestDelay)
    clock.set(self, at: SystemClock().now().uptime.advanced(by: delay), handler: handler)
  }

  /// Fires once, at `deadline` (at once when that is past), or not at all; replaces what was set.
  package func set(to deadline: Uptime?) {
    guard let deadline else { return rest() }
    clock.set(self, at: deadline, handler: handler)
  }

  /// Does not fire until it is set again.
  package func rest() {
    clock.cancel(self)
  }

  deinit {
    clock.cancel(self)
  }
}
