import CAvahi
import DiscoveryCore
import Dispatch
import EventLoop

/// What an `AvahiKeeper` keeps connected: one AvahiClient or several with their objects, confined to the
/// queue of their poll adapter.
protocol AvahiClients: AnyObject {
  /// Nil before `open`.
  var state: AvahiClient.State? { get }

  /// Makes the first client.
  func open() throws(AvahiError)

  /// Frees all clients with all their objects, without asking the daemon. Not from within a callback.
  func closeAll()
}

/// Keeps clients connected to avahi-daemon as `AvahiReconnect` says: makes them, throws them away when
/// they fail, and makes others. Confined to its queue.
final class AvahiKeeper {
  private let queue: DispatchQueue
  private let poll: AvahiPollAdapter
  private let make: (AvahiPollAdapter) -> any AvahiClients
  private let connected: () -> Void
  private let disconnected: (_ reason: String) -> Void

  /// What is to be used while `isConnected`.
  private(set) var clients: any AvahiClients
  private(set) var isConnected = false
  /// Lost, and to be closed once no callback of theirs is on the stack.
  private var lost: [any AvahiClients] = []
  private var reconnect = AvahiReconnect()
  /// True when a client waits for a daemon that hangs, false for one that is not there.
  private var daemonHung = false
  private var timer: QueueTimer?
  private let busPath = SystemBusAddress.ownSocketPath
  private var busWatch: SystemBusWatch?

  /// `make` makes clients without opening them; they must have `review` called after each change of
  /// their state, though not from within a callback. `connected` and `disconnected` are called on the
  /// queue; not for what the owner itself asks for.
  init(
    queue: DispatchQueue, make: @escaping (AvahiPollAdapter) -> any AvahiClients,
    connected: @escaping () -> Void, disconnected: @escaping (_ reason: String) -> Void
  ) {
    self.queue = queue
    self.make = make
    self.connected = connected
    self.disconnected = disconnected
    poll = AvahiPollAdapter(queue: queue)
    clients = make(poll)
  }

  /// Begins to connect. `stop` must follow one day.
  func start() {
    let weakly = Confined(self)
    timer = QueueTimer(queue: queue) { weakly.object?.timerFired() }
    reconnect.start(at: now)
    timerFired()
  }

  /// Ends for good and frees all that Avahi holds.
  func stop() {
    reconnect.stop()
    timer?.rest()
    timer = nil
    busWatch = nil
    isConnected = false
    clients.closeAll()
    closeLost()
  }

  /// Looks what became of the clients.
  func review() {
    switch clients.state {
    case nil:
      return
    case .settling?, .running?:
      guard !isConnected else { return }
      isConnected = true
      busWatch = nil
      reconnect.isRunning(at: now)
      connected()
    case .connecting? where !isConnected:
      busWatch = nil
      reconnect.isConnecting(at: now, daemonHangs: daemonHung)
      disconnected(daemonHung ? AvahiReason.daemonHangs : AvahiReason.daemonMissing)
    case .connecting?, .failed?:
      loseClients()
      disconnected(AvahiReason.daemonMissing)
    }
    setTimer()
  }

  /// Sets the clients aside after a fatal error of one of their calls, to try again later with others;
  /// returns the reason, a sentence for people.
  func loseClients(after error: AvahiError) -> String {
    loseClients()
    setTimer()
    return AvahiReason.text(for: error, busPath: busPath)
  }

  // MARK: - Inside

  private var now: Uptime { SystemClock().now().uptime }

  private func attempt() {
    // Before the attempt, so that a bus that appears in between is not missed.
    if busWatch == nil, let busPath {
      let weakly = Confined(self)
      busWatch = SystemBusWatch(path: busPath, queue: queue) { weakly.object?.busAppeared() }
    }
    let start = now
    do throws(AvahiError) {
      try clients.open()
    } catch {
      disconnected(loseClients(after: error))
      return
    }
    // A daemon that hangs leaves the client waiting too, but only after libdbus's timeout.
    daemonHung = start.duration(to: now) > .seconds(5)
    review()
  }

  private func loseClients() {
    isConnected = false
    lost.append(clients)
    clients = make(poll)
    let weakly = Confined(self)
    queue.async { weakly.object?.closeLost() }
    reconnect.hasFailed(
      at: now, busAnswers: SystemBusAddress.isAnswering(busPath),
      jitter: Double.random(in: 0..<1))
  }

  private func closeLost() {
    for clients in lost { clients.closeAll() }
    lost = []
  }

  private func busAppeared() {
    reconnect.busAppeared(at: now)
    setTimer()
  }

  private func timerFired() {
    if reconnect.tick(at: now) == .connect { attempt() }
    setTimer()
  }

  private func setTimer() {
    timer?.set(to: reconnect.nextDeadline)
  }
}

/// Why avahi-daemon cannot be used, in words for people.
enum AvahiReason {
  static let daemonMissing = "avahi-daemon is not running"
  static let daemonHangs = "avahi-daemon does not answer"

  static func text(for error: AvahiError, busPath: String?) -> String {
    if error.didHang { return daemonHangs }
    switch error.code {
    case AVAHI_ERR_NO_DAEMON where error.operation == "avahi_client_new",
      AVAHI_ERR_DBUS_ERROR where error.operation == "avahi_client_new":
      return "no system bus at \(busPath ?? "its address")"
    case AVAHI_ERR_NO_DAEMON, AVAHI_ERR_DISCONNECTED, AVAHI_ERR_BAD_STATE:
      return daemonMissing
    default:
      return "Avahi cannot be used: \(error)"
    }
  }
}
