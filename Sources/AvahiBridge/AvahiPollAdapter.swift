import CAvahi
import Dispatch
import EventLoop

/// libavahi's main loop (avahi-common/watch.h) on a dispatch queue.
///
/// All of it happens on `queue`: libavahi calls in while one of its functions runs there, and is
/// called back there. The AvahiPoll lives on the heap as long as this object, which must outlive
/// every client that was made with it.
final class AvahiPollAdapter {
  let queue: DispatchQueue
  /// Of all timeouts.
  let clock: QueueClock
  /// Owned; freed with this object.
  let api: UnsafeMutablePointer<AvahiPoll>

  init(queue: DispatchQueue) {
    self.queue = queue
    clock = QueueClock(queue: queue)
    api = .allocate(capacity: 1)
    api.initialize(
      to: AvahiPoll(
        userdata: nil, watch_new: watchNew, watch_update: watchUpdate,
        watch_get_events: watchGetEvents, watch_free: watchFree, timeout_new: timeoutNew,
        timeout_update: timeoutUpdate, timeout_free: timeoutFree))
    // Not retained: libavahi uses it only while a client exists, which this object outlives.
    api.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    api.deinitialize(count: 1)
    api.deallocate()
  }
}

/// What an `AvahiWatch *` points to: made by `watchNew`, which hands libavahi one reference, used on
/// the adapter's queue only, released by `watchFree`.
private final class PollWatch {
  private let descriptor: Int32
  private let callback: AvahiWatchCallback
  /// libavahi's; never looked into here.
  private let userdata: UnsafeMutableRawPointer?
  private var file: FileWatch?
  private(set) var current = AvahiWatchEvent(rawValue: 0)

  init(
    descriptor: Int32, events: AvahiWatchEvent, callback: @escaping AvahiWatchCallback,
    userdata: UnsafeMutableRawPointer?, queue: DispatchQueue
  ) {
    self.descriptor = descriptor
    self.callback = callback
    self.userdata = userdata
    let weakly = Confined(self)
    file = FileWatch(
      descriptor: descriptor, queue: queue, interest: Self.interest(events),
      handler: { weakly.object?.isReady($0) })
  }

  var isValid: Bool { file != nil }

  func update(_ events: AvahiWatchEvent) {
    file?.setInterest(Self.interest(events))
  }

  func cancel() {
    file?.cancel()
    file = nil
  }

  /// The callback may free this very watch; the caller's reference holds it until it returns.
  private func isReady(_ readiness: FileWatch.Readiness) {
    guard file != nil else { return }
    let event = readiness == .read ? AVAHI_WATCH_IN : AVAHI_WATCH_OUT
    current = event
    callback(OpaquePointer(Unmanaged.passUnretained(self).toOpaque()), descriptor, event, userdata)
    current = AvahiWatchEvent(rawValue: 0)
  }

  private static func interest(_ events: AvahiWatchEvent) -> FileWatch.Readiness {
    var interest: FileWatch.Readiness = []
    if events.rawValue & AVAHI_WATCH_IN.rawValue != 0 { interest.insert(.read) }
    if events.rawValue & AVAHI_WATCH_OUT.rawValue != 0 { interest.insert(.write) }
    return interest
  }
}

/// What an `AvahiTimeout *` points to: made by `timeoutNew`, which hands libavahi one reference, used
/// on the adapter's queue only, released by `timeoutFree`.
private final class PollTimeout {
  private let queue: DispatchQueue
  private let clock: QueueClock
  private let callback: AvahiTimeoutCallback
  /// libavahi's; never looked into here.
  private let userdata: UnsafeMutableRawPointer?
  private var timer: QueueTimer?
  /// Counts the settings, so that one for now that was replaced does not fire.
  private var generation: UInt64 = 0
  private var isArmed = false

  init(
    callback: @escaping AvahiTimeoutCallback, userdata: UnsafeMutableRawPointer?,
    adapter: AvahiPollAdapter
  ) {
    queue = adapter.queue
    clock = adapter.clock
    self.callback = callback
    self.userdata = userdata
  }

  /// Fires when the wall clock shows `time`, once; never for nil. The wait itself is monotonic.
  func set(_ time: UnsafePointer<timeval>?) {
    generation += 1
    timer?.rest()
    isArmed = time != nil
    guard let time else { return }
    let delay = Duration.microseconds(-avahi_age(time))
    let weakly = Confined(self)
    let generation = generation
    guard delay > .zero else {
      // libdbus asks for this once for each message: much cheaper than a timer, and in turn.
      queue.async {
        guard let timeout = weakly.object, generation == timeout.generation else { return }
        timeout.fire()
      }
      return
    }
    let timer = timer ?? QueueTimer(clock: clock) { weakly.object?.fire() }
    timer.fire(after: delay)
    self.timer = timer
  }

  func cancel() {
    set(nil)
    timer = nil
  }

  /// The callback may free this very timeout; the caller's reference holds it until it returns.
  private func fire() {
    guard isArmed else { return }
    isArmed = false
    callback(OpaquePointer(Unmanaged.passUnretained(self).toOpaque()), userdata)
  }
}

private func watchNew(
  _ api: UnsafePointer<AvahiPoll>?, _ descriptor: Int32, _ events: AvahiWatchEvent,
  _ callback: AvahiWatchCallback?, _ userdata: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let adapter = api?.pointee.userdata, let callback else { return nil }
  let queue = Unmanaged<AvahiPollAdapter>.fromOpaque(adapter).takeUnretainedValue().queue
  let watch = PollWatch(
    descriptor: descriptor, events: events, callback: callback, userdata: userdata, queue: queue)
  guard watch.isValid else { return nil }
  return OpaquePointer(Unmanaged.passRetained(watch).toOpaque())
}

private func watchUpdate(_ watch: OpaquePointer?, _ events: AvahiWatchEvent) {
  pointee(of: watch, as: PollWatch.self)?.update(events)
}

private func watchGetEvents(_ watch: OpaquePointer?) -> AvahiWatchEvent {
  pointee(of: watch, as: PollWatch.self)?.current ?? AvahiWatchEvent(rawValue: 0)
}

private func watchFree(_ watch: OpaquePointer?) {
  guard let watch else { return }
  let owned = Unmanaged<PollWatch>.fromOpaque(UnsafeRawPointer(watch))
  owned.takeUnretainedValue().cancel()
  owned.release()
}

private func timeoutNew(
  _ api: UnsafePointer<AvahiPoll>?, _ time: UnsafePointer<timeval>?,
  _ callback: AvahiTimeoutCallback?, _ userdata: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let adapter = api?.pointee.userdata, let callback else { return nil }
  let timeout = PollTimeout(
    callback: callback, userdata: userdata,
    adapter: Unmanaged<AvahiPollAdapter>.fromOpaque(adapter).takeUnretainedValue())
  timeout.set(time)
  return OpaquePointer(Unmanaged.passRetained(timeout).toOpaque())
}

private func timeoutUpdate(_ timeout: OpaquePointer?, _ time: UnsafePointer<timeval>?) {
  pointee(of: timeout, as: PollTimeout.self)?.set(time)
}

private func timeoutFree(_ timeout: OpaquePointer?) {
  guard let timeout else { return }
  let owned = Unmanaged<PollTimeout>.fromOpaque(UnsafeRawPointer(timeout))
  owned.takeUnretainedValue().cancel()
  owned.release()
}

/// The object behind a pointer that libavahi gives back, borrowed.
private func pointee<Object: AnyObject>(
  of pointer: OpaquePointer?, as type: Object.Type
) -> Object? {
  pointer.map { Unmanaged<Object>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
}
