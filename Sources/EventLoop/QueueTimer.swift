import Dispatch
import DiscoveryCore

/// A one-shot timer on a queue that can be set again; it rests until it is set.
///
/// All calls are made on the queue. It runs on the monotonic clock, so a wall clock that steps
/// moves nothing.
package final class QueueTimer {
  private static let longestDelay = Duration.seconds(365 * 86_400)

  private let source: any DispatchSourceTimer

  package init(queue: DispatchQueue, handler: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeTimerSource(queue: queue)
    source.setEventHandler(handler: handler)
    source.schedule(deadline: .distantFuture)
    source.activate()
  }

  /// Fires once, `delay` from now (at once when it is negative); replaces what was set.
  package func fire(after delay: Duration) {
    let nanoseconds = Int(min(max(delay, .zero), Self.longestDelay).wholeNanoseconds)
    source.schedule(deadline: .now() + .nanoseconds(nanoseconds), leeway: .milliseconds(1))
  }

  /// Does not fire until it is set again.
  package func rest() {
    source.schedule(deadline: .distantFuture)
  }

  deinit {
    source.cancel()
  }
}
