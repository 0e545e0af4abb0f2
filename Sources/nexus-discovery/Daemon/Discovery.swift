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

  /// Everything in place for `settings`, nothing running.
  init(
    settings: DiscoverySettings, report: @escaping @Sendable (QueryOutcome) -> Void = { _ in }
  ) async {
    let network = (try? LocalNetwork.current()) ?? LocalNetwork()
    registry = Registry(
      state: RegistryState(
        settings: RegistryState.Settings(settings), network: network,
        // Above all revisions of earlier runs, so that who resumes from one of those starts afresh.
        firstRevision: UInt64(max(0, clock.now().wall.milliseconds))),
      clock: clock)
    avahi = settings.enabled ? AvahiSource(settings: settings) : nil
    queries = NetworkQueries(
      settings: settings, registry: registry, clock: clock, report: report)
    await registry.declare(.mdns, enabled: settings.enabled)
    await queries.update(network: network)
  }

  /// Runs all of it until the task is cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.run() }
      group.addTask { await followNetwork() }
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
  private func followNetwork() async {
    guard let networks = try? NetworkMonitor.networks() else { return }
    for await network in networks {
      await registry.update(network: network)
      await queries.update(network: network)
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
