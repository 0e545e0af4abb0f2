import DiscoveryCore

/// Writes what the registry does to the log, as much of it as a log can take.
actor RegistryLog {
  private let log: Log
  private let registry: Registry
  private let clock: any DiscoveryClock
  private var damper = FlapDamper(of: .presence)
  private var healthDamper = FlapDamper(of: .health)
  private var budget = LogBudget()
  private var hearsay: Hearsay
  /// The sleep until the next deadline, cut short when an earlier one appears.
  private var nap: Nap?

  /// `restored` is what is known from an earlier run.
  init(
    log: Log, registry: Registry, clock: any DiscoveryClock, restored: [Backend] = []
  ) {
    hearsay = Hearsay(restored)
    self.log = log
    self.registry = registry
    self.clock = clock
  }

  /// Logs each change and notice until the task is cancelled, and then what was held back. `onRoom`
  /// is called when what was refused for want of room may come again.
  func run(onRoom: @escaping @Sendable () -> Void) async {
    await levelChanged()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.followChanges() }
      group.addTask { await self.followNotices(onRoom) }
      group.addTask { await self.keepDeadlines() }
    }
    let now = clock.now().uptime
    write(finishDampers(at: now), at: now)
    if let record = budget.finish() { log.write(record) }
  }

  /// Has the registry tell skips, which are for debugging, only while they are logged.
  func levelChanged() async {
    await registry.tellSkips(log.isEnabled(LogEvent.skipped.level))
  }

  // MARK: - What is told

  /// When the log is too slow to follow, it says how many changes it missed.
  private func followChanges() async {
    var seen = registry.firstRevision
    for await update in registry.watch(after: seen) {
      let now = clock.now().uptime
      switch update.content {
      case .changes(let changes):
        for change in changes {
          write(damped(change, at: now), at: now)
          seen = change.revision
        }
      case .snapshot(let snapshot):
        if snapshot.revision > seen {
          // What was withheld may not be true any more.
          let withheld = finishDampers(at: now).reduce(0) { $0 + ($1.flaps?.total ?? 1) }
          log.warn(
            "the log fell behind: \(Int(snapshot.revision - seen) + withheld) changes are not shown,"
              + " \(snapshot.backends.count) backends are known now")
        }
        seen = snapshot.revision
      }
      nap?.cut(ifLongerThan: nextDeadline)
    }
  }

  /// What to log now that a change came.
  private func damped(_ change: RegistryChange, at now: Uptime) -> [FlapDamper.Line] {
    if let told = hearsay.told(of: change, at: now) { return [FlapDamper.Line(told)] }
    if change.kind == .status { return healthDamper.take(change, at: now) }
    if change.kind == .removed { healthDamper.forget(change.backend.id) }
    return damper.take(change, at: now)
  }

  private func finishDampers(at now: Uptime) -> [FlapDamper.Line] {
    damper.finish(at: now) + healthDamper.finish(at: now)
  }

  private func followNotices(_ onRoom: @Sendable () -> Void) async {
    while let batch = await registry.nextNotices() {
      let now = clock.now().uptime
      for notice in batch.notices {
        write(.record(for: notice), at: now)
        if notice == .roomAgain { onRoom() }
      }
      budget.leaveOut(batch.lostSkips, of: .skipped, at: now)
      if batch.lostOthers > 0 { log.warn("\(batch.lostOthers) notices were too many to log") }
      nap?.cut(ifLongerThan: nextDeadline)
    }
  }

  // MARK: - What is due

  private var nextDeadline: Uptime? {
    [damper.nextDeadline, healthDamper.nextDeadline, budget.nextDeadline].compactMap { $0 }.min()
  }

  private func keepDeadlines() async {
    while !Task.isCancelled {
      let nap = Nap(until: nextDeadline, on: clock)
      self.nap = nap
      await nap.end()
      self.nap = nil
      guard !Task.isCancelled else { return }
      let now = clock.now().uptime
      write(damper.tick(at: now) + healthDamper.tick(at: now), at: now)
      if let record = budget.tick(at: now) { log.write(record) }
    }
  }

  // MARK: - Writing

  private func write(_ lines: [FlapDamper.Line], at now: Uptime) {
    for line in lines {
      let change = line.change
      let isHealth = change.kind == .status
      // No crowd of neighbours hides what becomes of a server that an administrator named.
      let isOurs = isHealth && change.backend.source.isAdministered
      write(Self.record(for: line), at: now, always: isOurs)
      if isHealth, let record = LogRecord.contradiction(in: change) { write(record, at: now) }
    }
  }

  private func write(_ record: LogRecord, at now: Uptime, always: Bool = false) {
    guard log.isEnabled(record.level), always || budget.admits(record.event, at: now)
    else { return }
    log.write(record)
  }

  /// How long after its discovery a backend's further addresses are still part of that.
  private static let discoveryTime = Duration.seconds(2)

  /// An update that tells a person nothing new is for debugging only: that a backend's source went
  /// down or came up is one line of the source's, and the further addresses of a backend that was
  /// just discovered belong to its discovery.
  private static func record(for line: FlapDamper.Line) -> LogRecord {
    var record = LogRecord.record(for: line)
    let change = line.change
    let backend = change.backend
    guard change.kind == .updated, var previous = change.previous else { return record }
    previous.isStale = backend.isStale
    previous.lastSeen = backend.lastSeen
    previous.lastCheck = backend.lastCheck
    if backend.lastSeen <= backend.firstSeen.advanced(by: discoveryTime),
      previous.url == backend.url
    {
      previous = previous.seen(at: backend.addresses, on: backend.interfaces)
    }
    if previous == backend { record.level = .debug }
    return record
  }
}
