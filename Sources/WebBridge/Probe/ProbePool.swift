import CWebSockets
import DiscoveryCore
import Glibc

/// The probes that are under way, in the server's thread.
///
/// They have an event queue of their own (epoll(7)), which is one descriptor in the library's loop:
/// so a socket is opened, watched and closed here alone, and each has its exact errno.
final class ProbePool {
  /// Readable when a probe has an event. Whoever has put it into its loop owns and closes it.
  let descriptor: Int32

  /// So long may requests to the server wait for probes whose servers say much.
  private static let turn: Duration = .milliseconds(2)

  private let clock: any DiscoveryClock
  private let userAgent: String
  private let trust = TLSTrust()
  private let scratch = Scratch()
  private var probes: [UInt64: ProbeConnection] = [:]
  private var deadlines = DeadlineQueue<UInt64>()

  /// Throws when there is no descriptor for it.
  init(clock: any DiscoveryClock, userAgent: String) throws(WebServerError) {
    self.clock = clock
    self.userAgent = userAgent
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else {
      let code = errno
      throw .system(
        operation: "epoll_create1", code: code, text: String(cString: strerror(code)))
    }
  }

  var isEmpty: Bool { probes.isEmpty }

  var count: Int { probes.count }

  /// When `expire` has something to do; nil with none under way.
  var nextDeadline: Uptime? { deadlines.earliest }

  /// Does what others want.
  func take(_ orders: [ProbeOrder]) {
    for order in orders {
      switch order {
      case .start(let call): start(call)
      case .cancel(let id): remove(id)
      }
    }
  }

  /// Sees to probes that have an event, for as long as `turn`; the others are the next turn's.
  func serve() {
    let end = clock.now().uptime.advanced(by: Self.turn)
    // The queue moves what it has reported to its end: with a few at a time each has its turn.
    var events = [epoll_event](repeating: epoll_event(), count: 2)
    repeat {
      let count = epoll_wait(descriptor, &events, Int32(events.count), 0)
      guard count > 0 else { return }
      for event in events.prefix(Int(count)) {
        if let probe = probes[event.data.u64] { proceed(probe) }
      }
    } while clock.now().uptime < end
  }

  /// Ends those that have waited long enough.
  func expire(at now: Moment) {
    for id in deadlines.takeDue(at: now.uptime) {
      probes.removeValue(forKey: id)?.call.finish(.failure(.timedOut))
    }
  }

  /// Ends all of them.
  func removeAll() {
    let all = probes.values
    probes = [:]
    deadlines = DeadlineQueue()
    for probe in all { probe.call.finish(.failure(.cancelled)) }
  }

  private func start(_ call: ProbeCall) {
    guard !call.isOver else { return }
    do throws(ProbeError) {
      let probe = try ProbeConnection(call, as: userAgent, at: clock.now().uptime)
      try register(probe, EPOLL_CTL_ADD, probe.wanted)
      probes[call.id] = probe
      deadlines.set(call.id, at: probe.deadline)
    } catch {
      call.finish(.failure(error))
    }
  }

  private func proceed(_ probe: ProbeConnection) {
    let id = probe.call.id
    let deadline = probe.deadline
    if let outcome = probe.proceed(with: trust, scratch: scratch, at: clock.now().uptime) {
      remove(id)
      probe.call.finish(outcome)
      return
    }
    if probe.deadline != deadline { deadlines.set(id, at: probe.deadline) }
    guard probe.wanted != probe.interest else { return }
    do throws(ProbeError) {
      try register(probe, EPOLL_CTL_MOD, probe.wanted)
    } catch {
      remove(id)
      probe.call.finish(.failure(error))
    }
  }

  private func register(
    _ probe: ProbeConnection, _ operation: Int32, _ interest: ProbeConnection.Interest
  ) throws(ProbeError) {
    probe.interest = interest
    guard
      nexus_epoll_set(
        descriptor, operation, probe.socket.descriptor, interest.rawValue, probe.call.id) == 0
    else { throw .system(errno) }
  }

  /// The socket is closed with the last reference, and leaves the event queue by that.
  private func remove(_ id: UInt64) {
    probes[id] = nil
    deadlines.cancel(id)
  }
}
