import CAvahi
import DiscoveryCore
import Dispatch
import EventLoop

/// The talk with avahi-daemon about what this machine announces: does what `PublisherState` says, on a
/// queue of its own.
///
/// Any call into Avahi may block that queue for 25 s, so nothing outside may wait for this actor: it is
/// told things with `tell`, which returns at once, and leaves its events in the mailbox.
actor PublisherSession {
  /// What is to be known of it elsewhere.
  struct Standing: Hashable, Sendable {
    var alternatives: [AnnouncedService.ID: String]
    var isForbidden = false
  }

  /// How long an orderly end may take.
  private static let longestEnd = Duration.milliseconds(700)

  nonisolated let mailbox = PublisherMailbox()
  private nonisolated let executor = QueueExecutor(label: "avahi-publish")
  private let standingDidChange: @Sendable (Standing) -> Void

  private var state: PublisherState
  private var standing: Standing
  private var keeper: AvahiKeeper?
  private var timer: QueueTimer?
  private var isStopped = false

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// `standingDidChange` is told before the events that go with a change.
  init(
    alternatives: [AnnouncedService.ID: String],
    standingDidChange: @escaping @Sendable (Standing) -> Void
  ) {
    state = PublisherState(alternatives: alternatives)
    standing = Standing(alternatives: alternatives)
    self.standingDidChange = standingDidChange
  }

  /// Has the session do something on its queue, as soon as that is free; returns at once.
  nonisolated func tell(_ change: @escaping @Sendable (isolated PublisherSession) -> Void) {
    executor.queue.async { self.assumeIsolated(change) }
  }

  /// What is to be on the air from now on. Once this was told, `stop` must follow one day.
  func publish(_ services: [AnnouncedService]) {
    guard !isStopped else { return }
    receive(.wanted(services))
    if state.needsClient { connect() }
  }

  /// Withdraws everything and ends for good; the mailbox is finished soon, also when Avahi hangs.
  nonisolated func stop() {
    tell { $0.end() }
    let delay = Int(Self.longestEnd.wholeNanoseconds)
    DispatchQueue(label: "avahi-publish-end")
      .asyncAfter(deadline: .now() + .nanoseconds(delay)) { @Sendable [mailbox] in
        mailbox.finish()
      }
  }

  private func end() {
    guard !isStopped else { return }
    isStopped = true
    receive(.stop)
    timer?.rest()
    timer = nil
    keeper?.stop()
    keeper = nil
    mailbox.finish()
  }

  // MARK: - The connection

  private var now: Uptime { SystemClock().now().uptime }

  private var groups: AvahiGroups? { keeper?.clients as? AvahiGroups }

  private func connect() {
    guard keeper == nil else { return }
    timer = QueueTimer(queue: executor.queue) { [weak self] in
      self?.assumeIsolated { $0.timerFired() }
    }
    setTimer()
    let report = {
      @Sendable [weak self] (groups: AvahiGroups, report: AvahiGroups.Report) -> Void in
      // Not now: the client is in the middle of telling.
      let weakly = Confined(groups)
      self?.tell { $0.heard(report, from: weakly) }
    }
    let keeper = AvahiKeeper(
      queue: executor.queue,
      make: { AvahiGroups(poll: $0, report: report) },
      connected: { @Sendable [weak self] in self?.assumeIsolated { $0.reviewHost() } },
      disconnected: { @Sendable [weak self] reason in
        self?.assumeIsolated { $0.receive(.disconnected(reason: reason)) }
      })
    self.keeper = keeper
    keeper.start()
  }

  private func heard(_ report: AvahiGroups.Report, from origin: Confined<AvahiGroups>) {
    guard let keeper, let groups = origin.object, groups === self.groups else { return }
    switch report {
    case .group(let number, let groupState):
      guard let id = groups.current(number, groupState) else { return }
      receive(.group(id, groupState))
    case .client(let clientState):
      let wasConnected = keeper.isConnected
      keeper.review()
      // Each state counts: a host that was renamed is running before and after it.
      if wasConnected, keeper.isConnected { hostIs(clientState) }
    }
  }

  private func reviewHost() {
    if let state = groups?.state { hostIs(state) }
  }

  private func hostIs(_ clientState: AvahiClient.State) {
    switch clientState {
    case .connecting, .failed: return
    case .settling: receive(.settling)
    case .running:
      guard let keeper, let groups else { return }
      do throws(AvahiError) {
        receive(.running(host: try groups.hostName()))
      } catch {
        receive(.disconnected(reason: keeper.loseClients(after: error)))
      }
    }
  }

  // MARK: - Doing what the state says

  private func receive(_ input: PublisherState.Input) {
    perform(state.handle(input, at: now))
  }

  private func perform(_ actions: [PublisherState.Action]) {
    var actions = actions
    var events: [PublisherEvent] = []
    var next = 0
    while next < actions.count {
      let action = actions[next]
      next += 1
      do throws(AvahiError) {
        switch action {
        case .emit(let event): events.append(event)
        case .publish(let service, let instance):
          try groups?.publish(service, as: instance)
          actions += state.handle(.committed(service.id), at: now)
        case .update(let service, let instance): try groups?.update(service, as: instance)
        case .reset(let id): try groups?.reset(id)
        case .free(let id): try groups?.free(id)
        }
      } catch {
        if error.isFatal, let keeper {
          // All groups are gone with their client; what was to be told is still to be told.
          let reason = keeper.loseClients(after: error)
          actions =
            actions[next...].filter(\.isEvent)
            + state.handle(.disconnected(reason: reason), at: now)
          next = 0
        } else if let failure = Self.failure(of: action, error) {
          actions += state.handle(failure, at: now)
        }
      }
    }
    let current = Standing(alternatives: state.alternatives, isForbidden: state.isForbidden)
    if current != standing {
      standing = current
      standingDidChange(current)
    }
    if !events.isEmpty { mailbox.post(events) }
    setTimer()
  }

  /// What to tell the state when `action` did not work.
  private static func failure(
    of action: PublisherState.Action, _ error: AvahiError
  ) -> PublisherState.Input? {
    switch action {
    case .publish(let service, _): .obstructed(service.id, error.obstacle)
    case .update(let service, _): .updateFailed(service.id)
    case .reset, .free, .emit: nil
    }
  }

  // MARK: - Time

  private func timerFired() {
    receive(.tick)
  }

  private func setTimer() {
    timer?.set(to: state.nextDeadline)
  }
}

extension PublisherState.Action {
  fileprivate var isEvent: Bool {
    if case .emit = self { true } else { false }
  }
}

extension AvahiError {
  /// The name is taken on this host.
  var isCollision: Bool { code == AVAHI_ERR_COLLISION }

  /// What keeps a service off the air, in words that name the setting of avahi-daemon.conf(5).
  fileprivate var obstacle: PublisherState.Obstacle {
    let file = AvahiDaemonLimits.path
    return switch code {
    case AVAHI_ERR_COLLISION: .collision
    case AVAHI_ERR_NOT_PERMITTED where operation == "avahi_entry_group_new":
      .notPermitted(reason: "publishing is forbidden by disable-user-service-publishing in \(file)")
    case AVAHI_ERR_NOT_PERMITTED:
      .notPermitted(reason: "publishing is forbidden by disable-publishing in \(file)")
    case AVAHI_ERR_TOO_MANY_OBJECTS:
      .other(reason: "avahi-daemon grants no more groups (objects-per-client-max in \(file))")
    case AVAHI_ERR_TOO_MANY_ENTRIES:
      .other(
        reason: "avahi-daemon grants no more records (entries-per-entry-group-max in \(file))")
    default: .other(reason: "Avahi: \(text)")
    }
  }
}
