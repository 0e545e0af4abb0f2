import AvahiBridge
import DiscoveryCore
import EventLoop
import NetworkBridge

/// What a daemon, a single scan and a program's own registry share: what Avahi hears, asking again, and
/// the registry that keeps it.
package struct Discovery: Sendable {
  package let registry: Registry
  package let clock = SystemClock()
  /// What all parts count.
  package let counters = DaemonCounters()
  /// Nil where the network is not to be listened to; Avahi is then never touched.
  package let avahi: AvahiSource?
  package let queries: NetworkQueries
  private let report: @Sendable (Trouble) -> Void

  /// What discovery goes on without.
  package enum Trouble: Sendable {
    /// This machine's links cannot be read or followed.
    case network(NetworkFailure)
    /// A link could not be asked.
    case query(QueryOutcome.Failure)
  }

  /// Everything in place for `configuration`, nothing running.
  ///
  /// `remembered` is what an earlier run knew; `report` is told what fails on the way, for the log.
  package init(
    _ configuration: Configuration, remembered: [RememberedBackend] = [],
    report: @escaping @Sendable (Trouble) -> Void = { _ in }
  ) {
    let settings = configuration.discovery
    self.report = report
    let network: LocalNetwork
    do {
      network = try LocalNetwork.current()
    } catch {
      network = LocalNetwork()
      report(.network(error))
    }
    var state = RegistryState(
      settings: RegistryState.Settings(configuration), network: network,
      // Above all revisions of earlier runs, so that who resumes from one of those starts afresh.
      firstRevision: UInt64(max(0, clock.now().wall.milliseconds)))
    state.restore(remembered, at: clock.now())
    state.declare(.mdns, enabled: settings.enabled, at: clock.now())
    registry = Registry(
      state: state,
      clock: clock,
      // A change of all backends at once, as when Avahi goes, leaves no watcher behind.
      history: max(1024, settings.maxBackends), counters: counters)
    avahi = settings.enabled ? AvahiSource(settings: settings) : nil
    queries = NetworkQueries(
      settings: settings, network: network, registry: registry, clock: clock, counters: counters,
      report: { for failure in $0.failures { report(.query(failure)) } })
  }

  /// Runs all of it until the task is cancelled; `onNetwork` is called with each network, the first
  /// included. The registry's loop gives the `heartbeat`.
  package func run(
    heartbeat: Heartbeat? = nil,
    onNetwork: @escaping @Sendable (LocalNetwork) async -> Void = { _ in }
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.run(heartbeat: heartbeat) }
      group.addTask { await followNetwork(onNetwork) }
      if let avahi {
        group.addTask {
          await SourceSupervisor(avahi, registry: registry, clock: clock).run()
        }
        group.addTask { await followRegistry() }
        group.addTask { await queries.run() }
      }
    }
  }

  /// Tells who depends on it when this machine's links or addresses change.
  private func followNetwork(_ onNetwork: @Sendable (LocalNetwork) async -> Void) async {
    do {
      for await network in try NetworkMonitor.networks() {
        await registry.update(network: network)
        // What was refused under the old network may be admitted under the new one.
        avahi?.repeatAll()
        await queries.update(network: network)
        await onNetwork(network)
      }
    } catch {
      report(.network(error))
      // What cannot be followed may still be read, once.
      if let network = try? LocalNetwork.current() { await onNetwork(network) }
    }
  }

  /// Questions are asked only while Avahi hears the answers, and at once for what disappeared.
  private func followRegistry() async {
    for await update in registry.watch() {
      await queries.follow(update.sources.first { $0.source == .mdns })
      if update.tellsOfDisappearance { await queries.backendDisappeared() }
    }
  }
}

extension RegistryUpdate {
  /// True when a backend disappeared with it, or, where that cannot be told, is in its grace period.
  fileprivate var tellsOfDisappearance: Bool {
    switch content {
    case .changes(let changes): changes.contains { $0.kind == .disappeared }
    case .snapshot(let snapshot): snapshot.backends.contains { $0.expiresAt != nil }
    }
  }
}
