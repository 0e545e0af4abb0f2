import Dispatch
import DiscoveryCore

/// One sleep of one task, on a queue that all sleeps share.
///
/// `Task.sleep` would end on a global queue, which `QueueTaskExecutor` tells why to avoid, and it
/// counts the time that the machine was suspended, which a deadline does not.
final class ClockSleep: @unchecked Sendable {  // its variables are touched on the queue only
  /// All sleeps share it.
  private static let clock = QueueClock(queue: DispatchQueue(label: "clock"))

  private let deadline: Uptime?
  private var sleeper: CheckedContinuation<Void, any Error>?
  private var isCancelled = false

  /// A sleep until `deadline`, or until it is cancelled when that is nil.
  init(until deadline: Uptime?) {
    self.deadline = deadline
  }

  /// Resumes `sleeper` at the deadline, or with a `CancellationError` as soon as it is cancelled.
  func begin(_ sleeper: CheckedContinuation<Void, any Error>) {
    Self.clock.queue.async { [self] in
      self.sleeper = sleeper
      if isCancelled { return end(throwing: CancellationError()) }
      if let deadline { Self.clock.set(self, at: deadline) { self.end(throwing: nil) } }
    }
  }

  /// May come before `begin`, and after the end.
  func cancel() {
    Self.clock.queue.async { [self] in
      isCancelled = true
      Self.clock.cancel(self)
      end(throwing: CancellationError())
    }
  }

  private func end(throwing error: (any Error)?) {
    if let error { sleeper?.resume(throwing: error) } else { sleeper?.resume() }
    sleeper = nil
  }
}
