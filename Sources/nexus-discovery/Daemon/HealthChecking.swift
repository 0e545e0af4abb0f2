import DiscoveryCore
import HealthChecks

/// Checks the registry's backends: asks what `HealthChecker` wants asked, and reports what comes of it.
package actor HealthChecking {
  private let registry: Registry
  private let transport: any ProbeTransport
  private let clock: any DiscoveryClock
  private let counters: DaemonCounters
  private var checker: HealthChecker
  /// Decided on and not begun yet.
  private var waiting: [Probe] = []
  /// Ends a check that has begun, by ending its stream.
  private var stops: [Probe.ID: AsyncStream<Never>.Continuation] = [:]
  /// Grows each time that checks are switched on: who follows the registry ends when they are off, or
  /// were in between.
  private var turn = 0
  /// The sleep until the next deadline, cut short when there is something to do before it.
  private var nap: Nap?

  /// Checks that are carried over `transport` and counted with `counters`; `random` spreads them over
  /// time.
  package init(
    settings: HealthChecker.Settings, registry: Registry, transport: any ProbeTransport,
    clock: any DiscoveryClock, counters: DaemonCounters = DaemonCounters(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.registry = registry
    self.transport = transport
    self.clock = clock
    self.counters = counters
    checker = HealthChecker(settings: settings, random: random)
  }

  /// Follows the registry and checks until the task is cancelled, which ends all checks at once.
  package func run() async {
    await withDiscardingTaskGroup { group in
      var followed: Int?
      while !Task.isCancelled {
        if checker.isOn, followed != turn {
          followed = turn
          group.addTask { [turn] in await self.follow(in: turn) }
        }
        for (probe, stop) in takeWaiting() {
          group.addTask { await self.carryOut(probe, until: stop) }
        }
        // No suspension between what was taken and the nap, or news would be slept over.
        let nap = Nap(until: checker.nextDeadline, on: clock)
        self.nap = nap
        await nap.end()
        self.nap = nil
        guard !Task.isCancelled else { break }
        await perform(checker.tick(at: clock.now()))
      }
      group.cancelAll()
    }
  }

  /// Puts other settings in force.
  package func update(settings: HealthChecker.Settings) async {
    if settings.checks.enabled, !checker.isOn {
      turn += 1
      nap?.cut()
    }
    await perform(checker.update(settings: settings, at: clock.now()))
  }

  private func follow(in turn: Int) async {
    for await update in registry.watch() {
      guard checker.isOn, turn == self.turn else { return }
      await perform(checker.follow(update.content, at: clock.now()))
    }
  }

  private func perform(_ actions: [HealthChecker.Action]) async {
    var reports: [(BackendID, CheckResult)] = []
    for action in actions {
      switch action {
      case .start(let probe): waiting.append(probe)
      case .cancel(let id):
        if let stop = stops.removeValue(forKey: id) {
          stop.finish()
        } else {
          waiting.removeAll { $0.id == id }
        }
      case .report(let id, let result): reports.append((id, result))
      }
    }
    if waiting.isEmpty {
      nap?.cut(ifLongerThan: checker.nextDeadline)
    } else {
      nap?.cut()
    }
    if !reports.isEmpty { counters.count { $0.checks = checker.tally } }
    for (id, result) in reports { await registry.apply(result, to: id) }
  }

  private func takeWaiting() -> [(Probe, AsyncStream<Never>)] {
    defer { waiting = [] }
    return waiting.map { probe in
      let (stop, continuation) = AsyncStream.makeStream(of: Never.self)
      stops[probe.id] = continuation
      return (probe, stop)
    }
  }

  /// Runs a check to its end, unless `stop` ends before, or all of it is cancelled.
  private func carryOut(_ probe: Probe, until stop: AsyncStream<Never>) async {
    let verdict = await withTaskGroup(of: ProbeVerdict?.self) { [transport, clock] group in
      group.addTask { await probe.run(over: transport, clock: clock) }
      group.addTask {
        for await _ in stop {}
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    guard stops.removeValue(forKey: probe.id) != nil, let verdict, !Task.isCancelled else { return }
    await perform(checker.finished(probe.id, verdict, at: clock.now()))
  }
}
