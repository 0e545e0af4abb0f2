import Dispatch
import DiscoveryCore

/// One sleep of one task, on a queue that all sleeps share.
///
/// `Task.sleep` would end on a global queue, which `QueueTaskExecutor` tells why to avoid, and it
/// counts the time that the machine was suspended, which a deadline does not.
///
/// Unchecked, because everything but the constants is touched on the queue only.
final class ClockSleep: @unchecked Sendable {
  private static let queue = DispatchQueue(label: "clock")

  private let deadline: Uptime?
  private let clock: SystemClock
  private var sleeper: CheckedContinuation<Void, any Error>?
  private var timer: QueueTimer?
  private var isCancelled = false

  /// A sleep until `deadline`, or until it is cancelled when that is nil.
  init(until deadline: Uptime?, by clock: SystemClock) {
    self.deadline = deadline
    self.clock = clock
  }

  /// Resumes `sleeper` at the deadline, or with a `CancellationError` as soon as it is cancelled.
  func begin(_ sleeper: CheckedContinuation<Void, any Error>) {
    Self.queue.async { [self] in
      self.sleeper = sleeper
      if isCancelled { return end(throwing: CancellationError()) }
      guard deadline != nil else { return }
      // The timer holds this object, until the end of the sleep lets go of the timer.
      timer = QueueTimer(queue: Self.queue) { [self] in goOn() }
      goOn()
    }
  }

  /// May come before `begin`, and after the end.
  func cancel() {
    Self.queue.async { [self] in
      isCancelled = true
      end(throwing: CancellationError())
    }
  }

  /// A timer may be set for a shorter time than a deadline far away asks for.
  private func goOn() {
    guard let deadline else { return }
    let rest = clock.now().uptime.duration(to: deadline)
    if rest > .zero { timer?.fire(after: rest) } else { end(throwing: nil) }
  }

  private func end(throwing error: (any Error)?) {
    timer = nil
    if let error { sleeper?.resume(throwing: error) } else { sleeper?.resume() }
    sleeper = nil
  }
}
