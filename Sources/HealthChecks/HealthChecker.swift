import DiscoveryCore

/// Which backend is checked when, and what its checks come to: a pure state machine.
///
/// What the registry commits goes in, and how checks end; checks to start come out, and results for the
/// registry. An event costs what it touches, never what is known, but for a snapshot and new settings.
package struct HealthChecker: Sendable {
  package enum Action: Sendable {
    /// Run it, and say with `finished` how it ended.
    case start(Probe)
    /// Stop it, whatever it is at; nothing is expected of it any more.
    case cancel(Probe.ID)
    /// Tell the registry.
    case report(BackendID, CheckResult)
  }

  /// What an administrator decides.
  package struct Settings: Hashable, Sendable {
    package var checks: HealthCheckSettings
    /// How configured servers are spoken to, where that is not the default.
    package var access: [Endpoint: ProbeAccess]

    package init(
      checks: HealthCheckSettings = HealthCheckSettings(), access: [Endpoint: ProbeAccess] = [:]
    ) {
      self.checks = checks
      self.access = access
    }
  }

  private struct Record {
    var target: CheckTarget
    /// When its grace period ends, on the clock that shows the time; nil while it is present.
    var expiresAt: WallTime?
    /// When it is asked once more before it is removed.
    var lastChance: Uptime?
    var state = HealthState()
    /// What identified it, and when; nil: to be identified.
    var known: Findings?
    var identifiedAt: Uptime?
    /// It took long last time.
    var isSlow = false
  }

  private struct Running {
    let id: Probe.ID
    let startedAt: Uptime
    let endpoint: Endpoint
    let isIdentifying: Bool
  }

  /// After this time a server is identified anew, since it may be another version by now.
  package static let identificationHolds: Duration = .seconds(600)
  /// How long after its timeout a check is given up that has not ended.
  static let overrun: Duration = .seconds(1)

  private var settings: Settings
  private var random: any RandomNumberGenerator & Sendable
  private var records: [BackendID: Record] = [:]
  /// The checks that run.
  private var running: [BackendID: Running] = [:]
  /// When each backend that neither waits nor is being checked is checked next.
  private var due = DeadlineQueue<BackendID>()
  /// When each check that runs must have ended.
  private var overruns = DeadlineQueue<BackendID>()
  private var slots: ProbeSlots
  private var lastNumber: UInt64 = 0
  /// What all checks that were not cancelled came to.
  package private(set) var tally = CheckTally()

  /// `random` spreads the checks over time.
  package init(
    settings: Settings = Settings(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.settings = settings
    self.random = random
    slots = ProbeSlots(capacity: 0, patience: .zero)
    (slots.capacity, slots.patience) = Self.measures(settings.checks)
  }

  /// False while checks are switched off.
  package var isOn: Bool { settings.checks.enabled }

  // MARK: - What goes in

  /// Follows the registry, while checks are on: switched on, they begin with a snapshot.
  package mutating func follow(_ content: RegistryUpdate.Content, at now: Moment) -> [Action] {
    guard isOn else { return [] }
    var actions: [Action] = []
    switch content {
    case .snapshot(let snapshot):
      let present = Set(snapshot.backends.map(\.id))
      for id in records.keys where !present.contains(id) { drop(id, &actions) }
      for backend in snapshot.backends { follow(backend, at: now, &actions) }
    case .changes(let changes):
      for change in changes {
        switch change.kind {
        case .removed: drop(change.backend.id, &actions)
        case .disappeared, .reappeared:
          follow(change.backend, mustAsk: true, at: now, &actions)
        case .added, .updated, .status: follow(change.backend, at: now, &actions)
        }
      }
    }
    fill(at: now.uptime, &actions)
    return actions
  }

  /// A check ended; one that was cancelled or given up before is passed over.
  package mutating func finished(
    _ probe: Probe.ID, _ verdict: ProbeVerdict, at now: Moment
  ) -> [Action] {
    guard running[probe.backend]?.id == probe else { return [] }
    var actions: [Action] = []
    conclude(probe.backend, verdict, at: now, &actions)
    fill(at: now.uptime, &actions)
    return actions
  }

  /// Does what is due at `now`.
  package mutating func tick(at now: Moment) -> [Action] {
    var actions: [Action] = []
    for id in overruns.takeDue(at: now.uptime) {
      guard let running = running[id] else { continue }
      actions.append(.cancel(running.id))
      let verdict = ProbeVerdict(
        condition: .failed(ProbeVerdict.silence(for: settings.checks.timeout)))
      conclude(id, verdict, at: now, &actions)
    }
    for id in due.takeDue(at: now.uptime) { enqueue(id, at: now.uptime) }
    fill(at: now.uptime, &actions)
    return actions
  }

  /// When `tick` has something to do; nil for never.
  package var nextDeadline: Uptime? {
    [due.earliest, overruns.earliest, slots.nextPreemption].compactMap { $0 }.min()
  }

  /// Checks that run now: for status and metrics.
  package var runningCount: Int { slots.runningCount }

  /// Puts other settings in force; what was found holds, but where a server is spoken to otherwise.
  /// Switched off, nothing is known any more.
  package mutating func update(settings: Settings, at now: Moment) -> [Action] {
    let old = self.settings
    self.settings = settings
    (slots.capacity, slots.patience) = Self.measures(settings.checks)
    var actions: [Action] = []
    guard isOn else {
      for id in records.keys { stop(id, &actions) }
      records = [:]
      return actions
    }
    for id in Array(records.keys) {
      guard let record = records[id] else { continue }
      let endpoint = record.target.endpoint
      if old.access[endpoint] != settings.access[endpoint] {
        restart(id, at: now.uptime, &actions)
      } else if old.checks.interval != settings.checks.interval, due.contains(id) {
        scheduleNext(id, after: now.uptime, at: now.uptime)
      }
    }
    fill(at: now.uptime, &actions)
    return actions
  }

  // MARK: - Backends

  private mutating func follow(
    _ backend: Backend, mustAsk: Bool = false, at now: Moment, _ actions: inout [Action]
  ) {
    let target = CheckTarget(backend)
    guard let known = records[backend.id] else {
      records[backend.id] = Record(target: target)
      setExpiry(backend, at: now)
      enqueue(backend.id, at: now.uptime)
      return
    }
    let hasMoved = known.target != target
    // Whatever made the registry unsure, only another check makes it sure again.
    let isLost = backend.status == .unknown && known.state.status != .unknown
    records[backend.id]?.target = target
    if known.expiresAt != backend.expiresAt { setExpiry(backend, at: now) }
    guard mustAsk || hasMoved || isLost else { return }
    if backend.status == .unknown { records[backend.id]?.state = HealthState() }
    restart(backend.id, at: now.uptime, &actions)
  }

  /// Remembers to ask once more shortly before the grace period ends.
  private mutating func setExpiry(_ backend: Backend, at now: Moment) {
    records[backend.id]?.expiresAt = backend.expiresAt
    records[backend.id]?.lastChance = backend.expiresAt.map { end in
      let remaining = Duration.milliseconds(end.milliseconds &- now.wall.milliseconds)
      return now.uptime.advanced(by: max(remaining - settings.checks.timeout - .seconds(1), .zero))
    }
  }

  private mutating func drop(_ id: BackendID, _ actions: inout [Action]) {
    stop(id, &actions)
    records[id] = nil
  }

  /// Neither waits nor runs any more.
  private mutating func stop(_ id: BackendID, _ actions: inout [Action]) {
    due.cancel(id)
    overruns.cancel(id)
    slots.leave(id)
    if let stopped = running.removeValue(forKey: id) { actions.append(.cancel(stopped.id)) }
  }

  /// Asks what it is, at once.
  private mutating func restart(_ id: BackendID, at now: Uptime, _ actions: inout [Action]) {
    stop(id, &actions)
    records[id]?.known = nil
    enqueue(id, at: now)
  }

  // MARK: - Checks

  private mutating func enqueue(_ id: BackendID, at now: Uptime) {
    guard let record = records[id] else { return }
    let lane: ProbeSlots.Lane =
      !record.isSlow ? .prompt : record.state.status == .healthy ? .slow : .hanging
    slots.wait(id, in: lane, at: record.target.endpoint, since: now)
  }

  /// Starts as many checks as there are places for.
  private mutating func fill(at now: Uptime, _ actions: inout [Action]) {
    while true {
      while let id = slots.take(at: now) { start(id, at: now, &actions) }
      guard let id = slots.overdue(at: now) else { return }
      stop(id, &actions)
      records[id]?.isSlow = true
      enqueue(id, at: now)
    }
  }

  private mutating func start(_ id: BackendID, at now: Uptime, _ actions: inout [Action]) {
    guard let record = records[id] else { return }
    lastNumber += 1
    let holds = record.identifiedAt.map {
      now < $0.advanced(by: Self.identificationHolds)
    }
    let known = holds == true ? record.known : nil
    let check = Running(
      id: Probe.ID(backend: id, number: lastNumber), startedAt: now,
      endpoint: record.target.endpoint, isIdentifying: known == nil)
    running[id] = check
    overruns.set(id, at: now.advanced(by: settings.checks.timeout + Self.overrun))
    actions.append(
      .start(
        Probe(
          id: check.id, target: record.target,
          access: settings.access[record.target.endpoint] ?? ProbeAccess(), known: known,
          timeout: settings.checks.timeout, at: now)))
  }

  private mutating func conclude(
    _ id: BackendID, _ verdict: ProbeVerdict, at now: Moment, _ actions: inout [Action]
  ) {
    guard var record = records[id], let running = running.removeValue(forKey: id) else { return }
    overruns.cancel(id)
    slots.leave(id)
    record.isSlow = running.startedAt.duration(to: now.uptime) > slots.patience
    record.state.record(verdict.outcome, settings: settings.checks)
    tally.record(verdict.outcome.result, taking: running.startedAt.duration(to: now.uptime))
    if verdict.outcome == .success {
      let isSame = record.known?.type == verdict.findings?.type
      record.known = verdict.findings
      if running.isIdentifying || !isSame { record.identifiedAt = running.startedAt }
    } else {
      // What answers next time may be something else.
      record.known = nil
    }
    record.target = record.target.preferring(verdict.answeredBy)
    records[id] = record
    actions.append(
      .report(
        id,
        CheckResult(
          status: record.state.status,
          report: HealthReport(at: now.wall, latency: verdict.latency, error: verdict.sentence),
          startedAt: running.startedAt, endpoint: running.endpoint,
          answeredBy: verdict.answeredBy, findings: verdict.findings)))
    scheduleNext(id, after: running.startedAt, at: now.uptime)
  }

  private mutating func scheduleNext(_ id: BackendID, after start: Uptime, at now: Uptime) {
    guard let record = records[id] else { return }
    let pause = CheckTiming(settings: settings.checks).pause(after: record.state, using: &random)
    var next = max(start.advanced(by: pause), now)
    if let lastChance = record.lastChance, lastChance > now { next = min(next, lastChance) }
    due.set(id, at: next)
  }

  /// How many run at once, and how long one may hold a place that others wait for: so short that a
  /// crowd of hanging servers, each met once, leaves all others their check within an interval.
  private static func measures(_ settings: HealthCheckSettings) -> (Int, Duration) {
    (
      max(settings.maxConcurrent, 1),
      min(settings.timeout, max(settings.interval / 32, .milliseconds(100)))
    )
  }
}
