import DiscoveryCore
import EventLoop

/// Keeps the state file in step with the registry.
package actor StateStore {
  private let writer: StateWriter
  private let file: String
  private let registry: Registry
  private let clock: any DiscoveryClock
  private let log: Log
  private var schedule = StateSchedule()
  /// What the file says.
  private var written: KnownState.Digest
  /// See `KnownState`.
  private let announcedAs: @Sendable () -> [AnnouncedService.ID: String]
  /// The sleep until the next deadline, cut short when an earlier one appears.
  private var nap: Nap?

  /// `written` is what the registry remembers at the start, which the file says already; `announcedAs`
  /// tells the names of now.
  package init(
    _ directory: StateDirectory, registry: Registry, written: KnownState,
    announcedAs: @escaping @Sendable () -> [AnnouncedService.ID: String],
    clock: any DiscoveryClock, log: Log
  ) {
    self.announcedAs = announcedAs
    writer = StateWriter(directory)
    file = directory.file
    self.registry = registry
    self.written = KnownState.Digest(written)
    self.clock = clock
    self.log = log
  }

  /// Writes what changes until the task is cancelled.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow() }
      group.addTask { await self.keepDeadlines() }
    }
  }

  /// Writes at once what is not written yet, the times at which backends were seen included: the
  /// last thing before the end.
  package func finish() async {
    // Again where something was still being changed, or an earlier write still went on.
    for _ in 0..<3 {
      let state = await current()
      guard KnownState.Digest(state) != written else { return }
      await write(state)
    }
  }

  private func current() async -> KnownState {
    KnownState(backends: await registry.remembered(), announcedAs: announcedAs())
  }

  /// Something changed that the registry need not show: what an administrator added, or under which name
  /// a service is announced.
  package func changedElsewhere() {
    schedule.changed(isPrompt: true)
    nap?.cut(ifLongerThan: schedule.nextDeadline)
  }

  private func follow() async {
    for await update in registry.watch(after: registry.firstRevision) {
      switch update.content {
      case .snapshot: schedule.changed(isPrompt: true)
      case .changes(let changes):
        for change in changes where change.kind != .status {
          schedule.changed(isPrompt: change.isAdministrators)
        }
      }
      nap?.cut(ifLongerThan: schedule.nextDeadline)
    }
  }

  private func keepDeadlines() async {
    while !Task.isCancelled {
      let nap = Nap(until: schedule.nextDeadline, on: clock)
      self.nap = nap
      await nap.end()
      self.nap = nil
      guard !Task.isCancelled else { return }
      guard schedule.isDue(at: clock.now().uptime) else { continue }
      await writeChanges()
      // A copy of all that is known, in pieces, was made for it among what stays.
      Heap.returnFreePages()
    }
  }

  private func writeChanges() async {
    schedule.began(at: clock.now().uptime)
    let state = await current()
    guard KnownState.Digest(state).lasting != written.lasting else {
      schedule.hadNothingToWrite()
      return
    }
    await write(state)
  }

  private func write(_ state: KnownState) async {
    if let failure = await writer.write(state) {
      let isNews = schedule.failed(because: failure.description, at: clock.now().uptime)
      if isNews {
        log.warn("what is known is not kept over a restart for now: \(failure)")
      }
    } else {
      written = KnownState.Digest(state)
      if schedule.succeeded() { log.info("\(file) is written again") }
    }
  }
}

extension RegistryChange {
  /// True where what was added while the daemon runs has a part in it.
  fileprivate var isAdministrators: Bool {
    backend.sources.contains(.runtime) || previous?.sources.contains(.runtime) ?? false
  }
}

/// Writes the file, on a queue of its own: a disk may take its time, and nobody else waits for it.
private actor StateWriter {
  private let executor = QueueExecutor(label: "state")
  private let directory: StateDirectory

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(_ directory: StateDirectory) {
    self.directory = directory
  }

  /// Why it could not be written; nil when it was.
  func write(_ state: KnownState) -> StateDirectory.Failure? {
    do throws(StateDirectory.Failure) {
      try directory.replace(with: StateDocument.encode(state))
      return nil
    } catch {
      return error
    }
  }
}
