/// The registry at work: gives `RegistryState` its clock and its callers, and tells the watchers.
package actor Registry {
  private var state: RegistryState
  private let clock: any DiscoveryClock
  private var log: ChangeLog
  private let waiting = WaitingList()
  /// Grows when a source's state changes; watchers are told then too.
  private var sourcesVersion: UInt64 = 0
  private var lastSources: [SourceStatus] = []
  /// True when something was committed that watchers were not told of yet.
  private var hasNews = false
  /// The sleep until the next deadline, cut short when an earlier one appears.
  private var nap: Nap?

  /// The revision before the first change.
  package nonisolated let firstRevision: UInt64
  /// What an administrator should know, in order; at most 1024 unread ones are kept, the oldest.
  package nonisolated let notices: AsyncStream<RegistryNotice>
  private let noticeSink: AsyncStream<RegistryNotice>.Continuation
  /// How many notices found no room since they were last read.
  package private(set) var droppedNotices = 0

  /// A registry with room for `history` changes that watchers may be behind.
  package init(state: RegistryState, clock: any DiscoveryClock, history: Int = 1024) {
    self.state = state
    firstRevision = state.revision
    self.clock = clock
    log = ChangeLog(capacity: history)
    (notices, noticeSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1024))
  }

  // MARK: - What goes in

  /// Takes what `source` reports, in order, now: one change of each backend at most.
  package func ingest(_ events: [DiscoveryEvent], from source: SourceKind) {
    commit(state.apply(events, from: source, at: clock.now()))
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

  /// Names a source before its first event, so that `status` shows it as waiting or disabled.
  package func declare(_ source: SourceKind, enabled: Bool) {
    state.declare(source, enabled: enabled, at: clock.now())
    settle()
  }

  /// Commits what is due, whenever it is, until the task is cancelled; sleeps in between.
  package func run() async {
    while !Task.isCancelled {
      let nap = Nap(until: state.nextDeadline, on: clock)
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

  /// The instances that are present and confirmed on an interface over a family (RFC 6762 §7.1).
  package func confirmedInstances(
    on interface: String, over family: Address.Family
  ) -> [ServiceInstance] {
    state.confirmedInstances(on: interface, over: family)
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
      if let update = updateNow(after: position) { return update }
      await waiting.wait()
    }
    return nil
  }

  private func updateNow(
    after position: RegistryWatch.Position
  ) -> (RegistryUpdate, RegistryWatch.Position)? {
    guard position.revision != state.revision || position.sources != sourcesVersion else {
      return nil
    }
    let content: RegistryUpdate.Content =
      if let seen = position.revision,
        let changes = log.changes(after: seen, upTo: state.revision)
      {
        .changes(changes)
      } else {
        .snapshot(state.snapshot())
      }
    let update = RegistryUpdate(content: content, sources: lastSources)
    return (update, RegistryWatch.Position(revision: state.revision, sources: sourcesVersion))
  }

  // MARK: - Commit

  private func commit(_ outcome: RegistryState.Outcome) {
    for change in outcome.changes { log.append(change) }
    for notice in outcome.notices {
      if case .dropped = noticeSink.yield(notice) { droppedNotices += 1 }
    }
    hasNews = hasNews || !outcome.changes.isEmpty
  }

  /// After each call: wakes who waits for what was committed, and the sleeper for a nearer deadline.
  private func settle() {
    let sources = state.sourceStatuses()
    if sources != lastSources {
      lastSources = sources
      sourcesVersion += 1
      hasNews = true
    }
    if hasNews {
      hasNews = false
      waiting.wakeAll()
    }
    nap?.cut(ifLongerThan: state.nextDeadline)
  }
}
