import DiscoveryCore
import Dispatch
import EventLoop

/// The talk with avahi-daemon about what others announce: does what `AvahiTracker` says, on a queue of
/// its own.
///
/// Any call into Avahi may block that queue for 25 s, so nothing outside may wait for this actor:
/// it is told things with `tell`, which returns at once, and leaves what it finds in the mailbox.
package actor AvahiSession {
  /// How many callbacks may come before what can wait is done all the same.
  private static let longestDeferral = 64

  package nonisolated let mailbox = EventMailbox()
  private nonisolated let executor = QueueExecutor(label: "avahi")

  private var tracker: AvahiTracker
  private var keeper: AvahiKeeper?
  private var timer: QueueTimer?
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
    guard keeper == nil else { return }
    timer = QueueTimer(queue: executor.queue) { [weak self] in
      self?.assumeIsolated { $0.timerFired() }
    }
    let deliver = { @Sendable [weak self] (input: AvahiTracker.Input) -> Void in
      self?.assumeIsolated { $0.receive(input) }
    }
    let stateDidChange = { @Sendable [weak self] () -> Void in
      // Not now: the client is in the middle of telling.
      self?.tell { $0.keeper?.review() }
    }
    let keeper = AvahiKeeper(
      queue: executor.queue,
      make: { AvahiClientPool(poll: $0, deliver: deliver, stateDidChange: stateDidChange) },
      connected: { @Sendable [weak self] in self?.assumeIsolated { $0.connected() } },
      disconnected: { @Sendable [weak self] reason in
        self?.assumeIsolated { $0.receive(.disconnected(reason: reason)) }
      })
    self.keeper = keeper
    keeper.start()
  }

  /// Ends for good and frees all that Avahi holds.
  package func stop() {
    timer?.rest()
    timer = nil
    keeper?.stop()
    keeper = nil
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

  private var pool: AvahiClientPool? { keeper?.clients as? AvahiClientPool }

  private var now: Uptime { SystemClock().now().uptime }

  private func connected() {
    perform(
      tracker.handle(.daemonLimits(.configured()), at: now)
        + tracker.handle(.connected, at: now))
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
        if error.isFatal, let keeper {
          // What remains to be done touches no object any more.
          let reason = keeper.loseClients(after: error)
          actions = tracker.handle(.disconnected(reason: reason), at: now)
          next = 0
        } else if let failure = Self.failure(of: action, error) {
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
  private static func failure(
    of action: AvahiTracker.Action, _ error: AvahiError
  ) -> AvahiTracker.Input? {
    let cause: AvahiTracker.Failure = error.isOutOfObjects ? .noRoom : .unanswered
    return switch action {
    case .startBrowser(let type, _): .browserFailed(type, cause)
    case .startResolver(let request): .resolverFailed(request.id, cause)
    case .startHostBrowser(let name, _): .hostBrowserFailed(host: name, cause)
    case .stopBrowser, .stopResolver, .stopHostBrowser, .emit: nil
    }
  }

  private func finishTurn() {
    setTimer()
    scheduleIdleTurn()
  }

  // MARK: - Time

  private func timerFired() {
    let time = now
    if let deadline = tracker.nextDeadline, time >= deadline {
      perform(tracker.handle(.tick, at: time))
    }
    finishTurn()
  }

  private func setTimer() {
    timer?.set(to: tracker.nextDeadline)
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
