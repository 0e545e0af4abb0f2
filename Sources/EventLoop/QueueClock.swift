import CGlibc
import Dispatch
import DiscoveryCore
import Glibc
import Synchronization

/// Deadlines of many on one queue, and the one timer that they share: the kernel's own
/// (timerfd_create(2)), set to the earliest of them as it is. Timers of Dispatch, made anew for each
/// deadline, were seen to miss one that lay a few milliseconds ahead.
///
/// It runs on the monotonic clock, so a wall clock that steps moves nothing. What is set and
/// cancelled on the queue is in force at once.
///
/// Dispatch's sources are not marked; this one may be cancelled anywhere.
package final class QueueClock: @unchecked Sendable {  // its source is only cancelled
  private struct State: ~Copyable {
    var deadlines = DeadlineQueue<ObjectIdentifier>()
    var handlers: [ObjectIdentifier: @Sendable () -> Void] = [:]
    /// What the timer is set to.
    var alarm: Uptime?
  }

  let queue: DispatchQueue
  private let timer: Int32
  private let source: any DispatchSourceRead
  private let state = Mutex(State())

  package init(queue: DispatchQueue) {
    self.queue = queue
    let timer = cglibc_timer_create()
    // Dispatch itself cannot begin to watch anything either where there is no descriptor left.
    precondition(timer >= 0, "timerfd_create: \(String(cString: strerror(errno)))")
    self.timer = timer
    source = DispatchSource.makeReadSource(fileDescriptor: timer, queue: queue)
    source.setCancelHandler { close(timer) }
    source.setEventHandler { @Sendable [weak self] in self?.rang() }
    source.activate()
  }

  deinit {
    source.cancel()
  }

  /// Has `handler` called on the queue at `deadline`, once; replaces what was set for `object`, which
  /// must cancel it before its own end.
  func set(_ object: AnyObject, at deadline: Uptime, handler: @escaping @Sendable () -> Void) {
    let id = ObjectIdentifier(object)
    state.withLock { state in
      state.deadlines.set(id, at: deadline)
      state.handlers[id] = handler
      setAlarm(&state)
    }
  }

  func cancel(_ object: AnyObject) {
    let id = ObjectIdentifier(object)
    state.withLock { state in
      guard state.handlers.removeValue(forKey: id) != nil else { return }
      state.deadlines.cancel(id)
      setAlarm(&state)
    }
  }

  private func rang() {
    var expirations: UInt64 = 0
    read(timer, &expirations, MemoryLayout.size(ofValue: expirations))
    let now = SystemClock().now().uptime
    state.withLock { $0.alarm = nil }
    // One by one: a handler may cancel what is due as well.
    while let handler = takeDue(at: now) { handler() }
    state.withLock { setAlarm(&$0) }
  }

  private func takeDue(at now: Uptime) -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard let earliest = state.deadlines.earliest, earliest <= now else { return nil }
      return state.deadlines.takeFirst().flatMap { state.handlers.removeValue(forKey: $0) }
    }
  }

  /// Sets the timer to the earliest deadline; one that is past already rings at once.
  private func setAlarm(_ state: inout State) {
    guard state.deadlines.earliest != state.alarm else { return }
    state.alarm = state.deadlines.earliest
    // 0 would switch it off.
    let nanoseconds = state.alarm.map { max($0.nanoseconds, 1) } ?? 0
    cglibc_timer_set(timer, Int(nanoseconds / 1_000_000_000), Int(nanoseconds % 1_000_000_000))
  }
}
