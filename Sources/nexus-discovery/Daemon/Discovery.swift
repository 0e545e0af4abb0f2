import AvahiBridge
import DiscoveryCore
import EventLoop
import NetworkBridge

/// What the daemon and a single scan share: the registry, what Avahi hears, and asking again.
struct Discovery: Sendable {
  let registry: Registry
  let clock = SystemClock()
  /// Nil where the network is not to be listened to; Avahi is then never touched.
  let avahi: AvahiSource?
  let queries: NetworkQueries
  private let report: @Sendable (Trouble) -> Void

  /// What discovery goes on without.
  enum Trouble: Sendable {
    /// This machine's links cannot be read or followed.
    case network(NetworkFailure)
    /// A link could not be asked.
    case query(QueryOutcome.Failure)
  }

  /// Everything in place for `settings`, nothing running.
  ///
  /// `report` is told what fails on the way, for the log.
  init(
    settings: DiscoverySettings, report: @escaping @Sendable (Trouble) -> Void = { _ in }
  ) async {
    self.report = report
    let network: LocalNetwork
    do {
      network = try LocalNetwork.current()
    } catch {
      network = LocalNetwork()
      report(.network(error))
    }
    registry = Registry(
      state: RegistryState(
        settings: RegistryState.Settings(settings), network: network,
        // Above all revisions of earlier runs, so that who resumes from one of those starts afresh.
        firstRevision: UInt64(max(0, clock.now().wall.milliseconds))),
      clock: clock)
    avahi = settings.enabled ? AvahiSource(settings: settings) : nil
    queries = NetworkQueries(
      settings: settings, registry: registry, clock: clock,
      report: { for failure in $0.failures { report(.query(failure)) } })
    await registry.declare(.mdns, enabled: settings.enabled)
    await queries.update(network: network)
  }

  /// Runs all of it until the task is cancelled; `onNetwork` is called with each network, the first
  /// included.
  func run(onNetwork: @escaping @Sendable () async -> Void = {}) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.run() }
      group.addTask { await followNetwork(onNetwork) }
      if let avahi {
        group.addTask {
          await SourceSupervisor(avahi, registry: registry, clock: clock).run()
        }
        group.addTask { await followSources() }
        group.addTask { await queries.run() }
      }
    }
  }

  /// Tells who depends on it when this machine's links or addresses change.
  private func followNetwork(_ onNetwork: @Sendable () async -> Void) async {
    do {
      for await network in try NetworkMonitor.networks() {
        await registry.update(network: network)
        // What was refused under the old network may be admitted under the new one.
        avahi?.repeatAll()
        await queries.update(network: network)
        await onNetwork()
      }
    } catch {
      report(.network(error))
    }
  }

  /// Questions are asked only while Avahi hears the answers.
  private func followSources() async {
    for await update in registry.watch() {
      let mdns = update.sources.first { $0.source == .mdns }
      await queries.setListening(mdns?.state == .up)
    }
  }
}
