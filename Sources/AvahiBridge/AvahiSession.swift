import CAvahi
import DiscoveryCore
import Dispatch
import EventLoop

/// The talk with avahi-daemon: does what `AvahiTracker` and `AvahiReconnect` say, on a queue of its
/// own.
///
/// Any call into Avahi may block that queue for 25 s, so nothing outside may wait for this actor:
/// it is told things with `tell`, which returns at once, and leaves what it finds in the mailbox.
package actor AvahiSession {
  /// How many callbacks may come before what can wait is done all the same.
  private static let longestDeferral = 64
  private static let daemonMissing = "avahi-daemon is not running"
  private static let daemonHangs = "avahi-daemon does not answer"

  package nonisolated let mailbox = EventMailbox()
  private nonisolated let executor = QueueExecutor(label: "avahi")

  private var tracker: AvahiTracker
  private var reconnect = AvahiReconnect()
  private var poll: AvahiPollAdapter?
  private var pool: AvahiClientPool?
  /// Lost, and to be closed once no callback of theirs is on the stack.
  private var lostPools: [AvahiClientPool] = []
  private var isConnected = false
  /// Why a client waits for the daemon.
  private var waitingReason = AvahiSession.daemonMissing
  private var timer: QueueTimer?
  private var timerDeadline: Uptime?
  private let busPath = SystemBusAddress.ownSocketPath
  private var busWatch: SystemBusWatch?
  private var isIdleTurnDue = false
  private var inputsSinceIdleTurn = 0
  private var deferrals = 0

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  package init(settings: AvahiTracker.Settings) {
    tracker = AvahiTracker(settings: settings)
  }

  /// Has the session do something on its queue, as soon as that is free; returns at once.
  package nonisolated func tell(_ change: @escaping @Sendable (isolated AvahiSession) -> Void) {
    executor.queue.async { self.assumeIsolated(change) }
  }

  /// Begins. Once `tell` has brought this, `stop` must follow one day.
  package func start() {
    guard poll == nil else { return }
    let poll = AvahiPollAdapter(queue: executor.queue)
    self.poll = poll
    pool = makePool(poll)
    timer = QueueTimer(queue: executor.queue) { [weak self] in
      self?.assumeIsolated { $0.timerFired() }
    }
    reconnect.start(at: now)
    timerFired()
  }

  /// Ends for good and frees all that Avahi holds.
  package func stop() {
    reconnect.stop()
    timer?.rest()
    timer = nil
    busWatch = nil
    pool?.closeAll()
    pool = nil
    closeLostPools()
    isConnected = false
    poll = nil
    mailbox.finish()
  }

  /// Takes a changed configuration.
  package func configure(_ settings: AvahiTracker.Settings) {
    receive(.configure(settings))
  }

  /// Tells of each service that is there once more.
  package func repeatAll() {
    receive(.repeatAll)
  }

  // MARK: - The connection

  private var now: Uptime { SystemClock().now().uptime }

  private func makePool(_ poll: AvahiPollAdapter) -> AvahiClientPool {
    AvahiClientPool(
      poll: poll,
      deliver: { @Sendable [weak self] input in self?.assumeIsolated { $0.receive(input) } },
      stateDidChange: { @Sendable [weak self] in
        // Not now: the client is in the middle of telling.
        self?.tell { $0.reviewState() }
      })
  }

  private func attempt() {
    guard let pool else { return }
    // Before the attempt, so that a bus that appears in between is not missed.
    if busWatch == nil, let busPath {
      busWatch = SystemBusWatch(path: busPath, queue: executor.queue) { [weak self] in
        self?.assumeIsolated { $0.busAppeared() }
      }
    }
    let start = now
    do throws(AvahiError) {
      try pool.open()
    } catch {
      lose(reason(for: error))
      return
    }
    // A daemon that hangs leaves the client waiting too, but only after libdbus's timeout.
    let didHang = start.duration(to: now) > .seconds(5)
    waitingReason = didHang ? Self.daemonHangs : Self.daemonMissing
    reviewState()
  }

  private func reviewState() {
    switch pool?.state {
    case nil:
      return
    case .ready?:
      guard !isConnected else { return }
      isConnected = true
      busWatch = nil
      reconnect.isRunning(at: now)
      perform(tracker.handle(.connected, at: now))
    case .connecting? where !isConnected:
      busWatch = nil
      reconnect.isConnecting(at: now)
      perform(tracker.handle(.disconnected(reason: waitingReason), at: now))
    case .connecting?, .failed?:
      lose(Self.daemonMissing)
    }
  }

  /// The daemon is gone, or never was there: forgets all objects and tries again later.
  private func lose(_ reason: String) {
    perform(abandon(reason))
  }

  /// Sets the clients aside and says what remains to be done, which touches none of them.
  private func abandon(_ reason: String) -> [AvahiTracker.Action] {
    isConnected = false
    if let pool, let poll {
      lostPools.append(pool)
      self.pool = makePool(poll)
      tell { $0.closeLostPools() }
    }
    reconnect.hasFailed(at: now, jitter: Double.random(in: 0..<1))
    return tracker.handle(.disconnected(reason: reason), at: now)
  }

  private func closeLostPools() {
    for pool in lostPools { pool.closeAll() }
    lostPools = []
  }

  private func busAppeared() {
    reconnect.busAppeared(at: now)
    finishTurn()
  }

  private func reason(for error: AvahiError) -> String {
    if error.didHang { return Self.daemonHangs }
    switch error.code {
    case AVAHI_ERR_NO_DAEMON where error.operation == "avahi_client_new",
      AVAHI_ERR_DBUS_ERROR where error.operation == "avahi_client_new":
      return "no system bus at \(busPath ?? "its address")"
    case AVAHI_ERR_NO_DAEMON, AVAHI_ERR_DISCONNECTED, AVAHI_ERR_BAD_STATE:
      return Self.daemonMissing
    default:
      return "Avahi cannot be used: \(error)"
    }
  }

  // MARK: - Doing what the tracker says

  private func receive(_ input: AvahiTracker.Input) {
    inputsSinceIdleTurn += 1
    perform(tracker.handle(input, at: now))
  }

  private func perform(_ actions: [AvahiTracker.Action]) {
    var actions = actions
    var events: [DiscoveryEvent] = []
    var next = 0
    while next < actions.count {
      let action = actions[next]
      next += 1
      if case .emit(let event) = action {
        events.append(event)
        continue
      }
      do throws(AvahiError) {
        try perform(action)
      } catch {
        if error.isFatal {
          actions = abandon(reason(for: error))
          next = 0
        } else if let failure = Self.failure(of: action) {
          actions += tracker.handle(failure, at: now)
        }
      }
    }
    if !events.isEmpty { mailbox.post(events) }
    finishTurn()
  }

  private func perform(_ action: AvahiTracker.Action) throws(AvahiError) {
    switch action {
    case .startBrowser(let type, let ipv6): try pool?.start(.browser(type, ipv6: ipv6))
    case .stopBrowser(let type): try pool?.stop(.browser(type))
    case .startResolver(let request): try pool?.start(.resolver(request))
    case .stopResolver(let id): try pool?.stop(.resolver(id))
    case .startHostBrowser(let name, let ipv6): try pool?.start(.host(name, ipv6: ipv6))
    case .stopHostBrowser(let name): try pool?.stop(.host(name))
    case .emit: break
    }
  }

  /// What to tell the tracker when `action` did not work.
  private static func failure(of action: AvahiTracker.Action) -> AvahiTracker.Input? {
    switch action {
    case .startBrowser(let type, _): .browserFailed(type)
    case .startResolver(let request): .resolverFailed(request.id)
    case .startHostBrowser(let name, _): .hostBrowserFailed(host: name)
    case .stopBrowser, .stopResolver, .stopHostBrowser, .emit: nil
    }
  }

  private func finishTurn() {
    setTimer()
    scheduleIdleTurn()
  }

  // MARK: - Time

  private func timerFired() {
    timerDeadline = nil
    let time = now
    if let deadline = tracker.nextDeadline, time >= deadline {
      perform(tracker.handle(.tick, at: time))
    }
    if reconnect.tick(at: time) == .connect { attempt() }
    finishTurn()
  }

  private func setTimer() {
    let deadline = [tracker.nextDeadline, reconnect.nextDeadline].compactMap { $0 }.min()
    guard deadline != timerDeadline else { return }
    timerDeadline = deadline
    if let deadline {
      timer?.fire(after: now.duration(to: deadline))
    } else {
      timer?.rest()
    }
  }

  /// Callbacks come first: libavahi's next message is on the queue before this turn, or there is
  /// none.
  private func scheduleIdleTurn() {
    guard tracker.hasIdleWork, !isIdleTurnDue else { return }
    isIdleTurnDue = true
    inputsSinceIdleTurn = 0
    tell { $0.idleTurn() }
  }

  private func idleTurn() {
    isIdleTurnDue = false
    if inputsSinceIdleTurn > 0, deferrals < Self.longestDeferral {
      deferrals += 1
      scheduleIdleTurn()
      return
    }
    deferrals = 0
    perform(tracker.idle(at: now))
  }
}
