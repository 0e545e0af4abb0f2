/// The registry at work: gives `RegistryState` its clock and its callers, and tells the watchers.
package actor Registry {
  private var state: RegistryState
  private let clock: any DiscoveryClock
  private let counters: DaemonCounters
  private var log: ChangeLog<RegistryChange>
  /// Checks that changed nothing; `checksVersion` is the last one's number.
  private var checkLog: ChangeLog<BackendID>
  private var checksVersion: UInt64 = 0
  private let waiting = WaitingList()
  /// Grows when a source's state or a count of skips changes; watchers are told then too.
  private var statusVersion: UInt64 = 0
  private var lastSources: [SourceStatus] = []
  private var lastSkips: [RegistryNotice.SkipReason: Int] = [:]
  /// True when something was committed that watchers were not told of yet.
  private var hasNews = false
  /// The sleep until the next deadline, cut short when an earlier one appears.
  private var nap: Nap?

  /// The revision before the first change.
  package nonisolated let firstRevision: UInt64
  private var unread = NoticeQueue()
  private let noticeReader = WaitingList()

  /// A registry with room for `history` changes that watchers may be behind; what it does is counted
  /// with `counters`.
  package init(
    state: RegistryState, clock: any DiscoveryClock, history: Int = 1024,
    counters: DaemonCounters = DaemonCounters()
  ) {
    self.state = state
    firstRevision = state.revision
    self.clock = clock
    self.counters = counters
    log = ChangeLog(capacity: history)
    checkLog = ChangeLog(capacity: history)
    self.state.tellsSkips = false
    lastSources = state.sourceStatuses()
  }

  // MARK: - What goes in

  /// Takes what `source` reports, in order, now: one change of each backend at most.
  package func ingest(_ events: [DiscoveryEvent], from source: SourceKind) {
    commit(state.apply(events, from: source, at: clock.now()))
    settle()
  }

  /// Takes the result of a check of the backend `id`, now.
  package func apply(_ result: CheckResult, to id: BackendID) {
    commit(state.apply(result, to: id, at: clock.now()))
    settle()
  }

  package func update(settings: RegistryState.Settings) {
    commit(state.update(settings: settings, at: clock.now()))
    settle()
  }

  package func update(network: LocalNetwork) {
    commit(state.update(network: network, at: clock.now()))
    settle()
  }

  /// Has refused sightings told as notices, or only counted, which they are at first.
  package func tellSkips(_ isWanted: Bool) {
    state.tellsSkips = isWanted
  }

  /// Names a source before its first event, so that `status` shows it as waiting or disabled.
  package func declare(_ source: SourceKind, enabled: Bool) {
    state.declare(source, enabled: enabled, at: clock.now())
    settle()
  }

  /// Commits what is due, whenever it is, until the task is cancelled; sleeps in between, and wakes
  /// for `heartbeat`.
  package func run(heartbeat: Heartbeat? = nil) async {
    var nextBeat = heartbeat.map { _ in clock.now().uptime }
    while !Task.isCancelled {
      if let heartbeat, let due = nextBeat, due <= clock.now().uptime {
        heartbeat.beat()
        nextBeat = clock.now().uptime.advanced(by: heartbeat.interval)
      }
      let nap = Nap(until: [state.nextDeadline, nextBeat].compactMap { $0 }.min(), on: clock)
      self.nap = nap
      await nap.end()
      self.nap = nil
      guard !Task.isCancelled else { return }
      commit(state.expire(at: clock.now()))
      settle()
    }
  }

  // MARK: - What comes out

  package func snapshot() -> RegistrySnapshot { state.snapshot() }

  package var backendCount: Int { state.backendCount }

  package func sourceStatuses() -> [SourceStatus] { state.sourceStatuses() }

  /// How often each reason to skip occurred, from the start on.
  package func skipCounts() -> [RegistryNotice.SkipReason: Int] { state.skipCounts }

  /// The notices since the last call, as soon as there are any; nil once the task is cancelled.
  ///
  /// For one reader; what it leaves unread is bounded.
  package func nextNotices() async -> NoticeBatch? {
    while !Task.isCancelled {
      let wakings = noticeReader.wakings
      if let batch = unread.take() { return batch }
      await noticeReader.wait(after: wakings)
    }
    return nil
  }

  /// The instances that are present and confirmed on an interface over a family (RFC 6762 §7.1).
  package func confirmedInstances(
    on interface: String, over family: Address.Family
  ) -> [ServiceInstance] {
    state.confirmedInstances(on: interface, over: family)
  }

  /// The number of the last commit.
  package var revision: UInt64 { state.revision }

  /// What of the backends is to outlive the daemon.
  package func remembered() -> [RememberedBackend] { state.remembered() }

  /// What nexus.toml has to say to a backend that is to be added.
  package func statics(at url: BackendURL) -> RuntimeBackends.Statics { state.statics(at: url) }

  /// The backend with this id, else the first listed one with this name.
  package func find(_ idOrName: String) -> Backend? { state.find(idOrName) }

  /// The URLs under which the backend `id` was added while the daemon ran.
  package func runtimeURLs(of id: BackendID) -> [String] { state.runtimeURLs(of: id) }

  /// The backend that was added as `url`.
  package func backendID(ofRuntime url: BackendURL) -> BackendID? {
    state.backendID(ofRuntime: url)
  }

  /// The registry as a sequence of updates; `revision` resumes after it where that is possible.
  package nonisolated func watch(after revision: UInt64? = nil) -> RegistryWatch {
    RegistryWatch(registry: self, after: revision)
  }

  // MARK: - Watchers

  /// What a watcher at `position` has not seen yet; waits for it. Nil once the task is cancelled.
  func update(after position: RegistryWatch.Position) async -> (
    RegistryUpdate, RegistryWatch.Position
  )? {
    while !Task.isCancelled {
      let wakings = waiting.wakings
      if let update = updateNow(after: position) { return update }
      await waiting.wait(after: wakings)
    }
    return nil
  }

  private func updateNow(
    after position: RegistryWatch.Position
  ) -> (RegistryUpdate, RegistryWatch.Position)? {
    guard
      position.revision != state.revision || position.status != statusVersion
        || position.checks != checksVersion
    else { return nil }
    let reached = RegistryWatch.Position(
      revision: state.revision, status: statusVersion, checks: checksVersion)
    guard let seen = position.revision,
      let changes = log.changes(after: seen, upTo: state.revision),
      let checked = checkLog.changes(after: position.checks ?? checksVersion, upTo: checksVersion)
    else {
      let snapshot = RegistryUpdate(
        content: .snapshot(state.snapshot()), sources: lastSources, skipped: lastSkips)
      return (snapshot, reached)
    }
    let checks = Set(checked).reduce(into: [BackendID: HealthReport]()) {
      $0[$1] = state.lastCheck(of: $1)
    }
    let update = RegistryUpdate(
      content: .changes(changes), sources: lastSources, checks: checks, skipped: lastSkips)
    return (update, reached)
  }

  // MARK: - Commit

  private func commit(_ outcome: RegistryState.Outcome) {
    count(outcome)
    for change in outcome.changes { log.append(change) }
    for notice in outcome.notices { unread.add(notice) }
    for id in outcome.checked { checkLog.append(id) }
    checksVersion += UInt64(outcome.checked.count)
    hasNews = hasNews || !outcome.changes.isEmpty || !outcome.checked.isEmpty
  }

  /// Skips are counted by the state, which does not tell all of them.
  private func count(_ outcome: RegistryState.Outcome) {
    let skips = state.skipCounts
    guard !outcome.changes.isEmpty || !outcome.notices.isEmpty || skips != lastSkips
    else { return }
    counters.count { totals in
      totals.skips = skips
      if !skips.isEmpty { totals.events[.skipped] = skips.values.reduce(0, +) }
      let events = outcome.changes.map(\.event) + outcome.notices.map(\.event)
      for case let event? in events where event != .skipped {
        totals.events[event, default: 0] += 1
      }
    }
  }

  /// After each call: wakes who waits for what was committed, and the sleeper for a nearer deadline.
  private func settle() {
    let sources = state.sourceStatuses()
    if sources != lastSources || state.skipCounts != lastSkips {
      lastSources = sources
      lastSkips = state.skipCounts
      statusVersion += 1
      hasNews = true
    }
    if hasNews {
      hasNews = false
      waiting.wakeAll()
    }
    if !unread.isEmpty { noticeReader.wakeAll() }
    nap?.cut(ifLongerThan: state.nextDeadline)
  }
}
