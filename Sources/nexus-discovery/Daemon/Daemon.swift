import Announcing
import AvahiBridge
import ConfigFile
import DiscoveryCore
import Dispatch
import EventLoop
import Glibc
import HealthChecks
import NetworkBridge
import NexusDiscovery
import SystemdBridge
import WebBridge

/// The daemon: the only place that knows every part, and the one task group that owns them.
struct Daemon: Sendable {
  /// How long an orderly end may take before the process ends regardless: a call into a hung Avahi
  /// cannot be interrupted.
  static let longestEnd = Duration.milliseconds(1500)

  private let options: ServeOptions
  private let log: Log
  private let registryLog: RegistryLog
  private let discovery: Discovery
  private let statics: AdministeredSource
  private let runtime: RuntimeChanges
  /// Nil where what is known cannot be kept.
  private let store: StateStore?
  private let server: WebServer
  private let health: HealthChecking
  private let announcements: Announcements
  private let reloader: Reloader
  /// One element for any number of requests to ask the network again.
  private let refreshes: AsyncStream<Void>
  private let orders = Orders()
  private let reloads = Reloads()

  /// Puts everything in place; throws a `CommandFailure` that says what is in the way.
  ///
  /// `access` is how the static backends are spoken to, as `environment` and files say.
  init(
    options: ServeOptions, configuration: Configuration, access: BackendAccess, path: ConfigPath,
    environment: @escaping @Sendable (String) -> String?, log: Log
  ) async throws {
    self.options = options
    self.log = log
    let saved = SavedState(
      path: StateDirectory.path(named: options.stateDirectory, environment: environment),
      at: SystemClock().now().wall, warn: { log.warn($0) })
    discovery = Discovery(configuration, remembered: saved.backends) {
      switch $0 {
      case .network(let failure):
        log.warn("cannot follow this machine's links, discovery is incomplete: \(failure)")
      case .query(let failure): log.debug("cannot ask the network on \(failure)")
      }
    }
    let clock = discovery.clock
    let restored = await discovery.registry.snapshot().backends
    registryLog = RegistryLog(
      log: log, registry: discovery.registry, clock: clock, restored: restored)
    statics = AdministeredSource(
      .static, backends: configuration.backends, clock: clock,
      resolve: { await HostResolver.addresses(of: $0) })
    let runtime = RuntimeChanges(
      RuntimeBackends(saved.backends.flatMap(\.added)), registry: discovery.registry,
      clock: clock, resolve: { await HostResolver.addresses(of: $0) })
    self.runtime = runtime
    let publisher = AvahiPublisher(alternatives: saved.announcedAs)
    let written = KnownState(
      backends: await discovery.registry.remembered(), announcedAs: saved.announcedAs)
    let store = saved.directory.map { [registry = discovery.registry] in
      StateStore(
        $0, registry: registry, written: written, announcedAs: { publisher.alternatives },
        clock: clock, log: log)
    }
    self.store = store
    var setup = WebServer.Setup(
      socketPath: configuration.server.socket,
      identity: ReadModel.Identity(version: Product.version, pid: getpid(), started: clock.now()),
      clock: clock)
    setup.counters = discovery.counters
    setup.host = configuration.server.host
    setup.port = UInt16(configuration.server.port)
    setup.changeRule = ChangeRule(groupNamed: Product.name)
    let (refreshes, refresh) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.refreshes = refreshes
    setup.limits.probes = 2 * HealthCheckSettings.mostConcurrent
    setup.onRefresh = { refresh.yield() }
    setup.onOrder = { [reloads] order, ticket in
      switch order {
      case .change(let change): runtime.take(change, by: ticket)
      case .reload: reloads.put(for: ticket)
      }
    }
    setup.onEnd = { [orders] in orders.put(.apiEnded($0)) }
    setup.onError = { log.warn("API: \($0)") }
    do {
      server = try WebServer(setup)
    } catch {
      throw CommandFailure("cannot serve the API: \(error)")
    }
    let places = max(server.probes.limit / 2, 1)
    health = HealthChecking(
      settings: HealthChecker.Settings(
        configuration, access: access.access, places: places, log: log),
      registry: discovery.registry, transport: server.probes, clock: clock,
      counters: discovery.counters)
    announcements = Announcements(
      settings: Announcer.Settings(configuration), publisher: publisher,
      transport: server.probes, clock: clock, counters: discovery.counters, log: log
    ) { [server] in
      server.setAnnouncements($0)
    } namesMayDiffer: {
      await store?.changedElsewhere()
    }
    reloader = Reloader(
      options: options, path: path, environment: environment, inForce: configuration, log: log,
      registryLog: registryLog, discovery: discovery, statics: statics, health: health,
      announcements: announcements, places: places)
    await discovery.registry.declare(.static, enabled: true)
    await discovery.registry.declare(.runtime, enabled: true)
    if !restored.isEmpty, let directory = saved.directory {
      let added = restored.count { $0.expiresAt == nil }
      log.info(
        "\(directory.file): \(added) added backends, and \(restored.count - added) of the network"
          + " that are stale until they are seen again")
    }
    let addresses = [configuration.server.socket] + server.urls
    log.info("\(Product.name) \(Product.version) serves \(addresses.joined(separator: " and "))")
  }

  /// Runs until SIGTERM or SIGINT; fails when the API cannot be served any more.
  func run() async -> ExitStatus {
    let signals = SignalWatch.stream(of: [SIGTERM, SIGINT, SIGHUP]) {
      if $0 != SIGHUP { Self.endSoon() }
    }
    let status = await withTaskGroup(of: Void.self, returning: ExitStatus.self) { group in
      group.addTask { [discovery, watchdog] in
        await discovery.run(heartbeat: watchdog) { network in
          await announcements.update(network: network)
          await lookNamesUp()
        }
      }
      for source in [statics, runtime.source] {
        group.addTask { [discovery] in
          await SourceSupervisor(source, registry: discovery.registry, clock: discovery.clock)
            .run()
        }
      }
      group.addTask { [runtime, server, store] in
        await runtime.run(answering: server) { await store?.changedElsewhere() }
      }
      group.addTask { await followReloads() }
      if let store { group.addTask { await store.run() } }
      group.addTask { [health] in await health.run() }
      group.addTask { [announcements] in await announcements.run() }
      group.addTask { await feedServer() }
      group.addTask { await followRefreshes() }
      group.addTask { [registryLog, discovery] in
        await registryLog.run(onRoom: { discovery.avahi?.repeatAll() })
      }
      group.addTask { for await signal in signals { orders.put(.signal(signal)) } }
      let status = await follow(orders)
      tellManager { () throws(SystemdFailure) in try ServiceManager.stopping() }
      // Before anything that may take long.
      runtime.close()
      await store?.finish()
      group.cancelAll()
      return status
    }
    server.stop()
    return status
  }

  /// Returns at what ends the daemon.
  private func follow(_ orders: Orders) async -> ExitStatus {
    for await order in orders.stream {
      switch order {
      case .signal(SIGHUP): _ = reloads.put(for: nil)
      case .signal(let number):
        log.info("ending on \(number == SIGTERM ? "SIGTERM" : "SIGINT")")
        return .done
      case .apiEnded(let reason):
        log.error("the API is served no more: \(reason)")
        return .failed
      }
    }
    return .done
  }

  /// Reads the configuration again as often as it is asked to, one time after the other.
  private func followReloads() async {
    for await ticket in reloads.stream {
      let problems = await reloader.reload()
      guard let ticket else { continue }
      server.answer(
        ticket, problems.isEmpty ? .reloaded : .rejected(problems),
        at: await discovery.registry.revision)
    }
  }

  /// Hands each update to the API, and says ready once the static backends are in it.
  private func feedServer() async {
    var isReady = false
    var status = ""
    for await update in discovery.registry.watch() {
      await server.publish(update)
      if !isReady, update.sources.first(where: { $0.source == .static })?.state == .up {
        isReady = true
        server.setReady(.ready)
        tellManager { () throws(SystemdFailure) in try ServiceManager.ready(status: "serving") }
      }
      let current = StatusLine.text(
        backends: await discovery.registry.backendCount, sources: update.sources)
      if isReady, current != status {
        status = current
        tellManager { () throws(SystemdFailure) in try ServiceManager.status(current) }
      }
    }
  }

  /// Anyone on this machine may ask for it, so names are looked up again at most each 10 s; questions
  /// have a schedule of their own that keeps them apart.
  private func followRefreshes() async {
    var lastLookUp: Uptime?
    for await _ in refreshes {
      await discovery.queries.refresh()
      let now = discovery.clock.now().uptime
      if let lastLookUp, now < lastLookUp.advanced(by: .seconds(10)) { continue }
      lastLookUp = now
      await lookNamesUp()
    }
  }

  /// What keeps systemd's watchdog quiet, at the pace that sd_watchdog_enabled(3) recommends; nil where
  /// none watches. It comes from the registry's own loop: where that is stuck, nothing can be relied
  /// on. A hung Avahi has a queue of its own.
  private var watchdog: Heartbeat? {
    ServiceManager.watchdogInterval.map { [log] interval in
      Heartbeat(each: interval / 2) {
        do throws(SystemdFailure) {
          try ServiceManager.keepAlive()
        } catch {
          log.warn("cannot tell the service manager: \(error)")
        }
      }
    }
  }

  private func lookNamesUp() async {
    await statics.refresh()
    await runtime.source.refresh()
  }

  private func tellManager(_ message: () throws(SystemdFailure) -> Void) {
    do throws(SystemdFailure) {
      try message()
    } catch {
      log.warn("cannot tell the service manager: \(error)")
    }
  }

  /// Ends the process by force if its orderly end takes too long.
  static func endSoon() {
    let delay = Int(longestEnd.wholeNanoseconds)
    DispatchQueue(label: "end").asyncAfter(deadline: .now() + .nanoseconds(delay)) { @Sendable in
      _exit(ExitStatus.done.rawValue)
    }
  }
}

/// What the daemon is told while it runs; of more than 8 unread ones, the newest.
private struct Orders: Sendable {
  enum Order: Sendable {
    case signal(Int32)
    case apiEnded(String)
  }

  let stream: AsyncStream<Order>
  private let sink: AsyncStream<Order>.Continuation

  init() {
    (stream, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8))
  }

  func put(_ order: Order) {
    sink.yield(order)
  }
}

/// Who wants the configuration to be read again: a client that waits to hear what came of it, or a
/// signal; of more than 8 that wait, the oldest.
private struct Reloads: Sendable {
  let stream: AsyncStream<APIOrder.Ticket?>
  private let sink: AsyncStream<APIOrder.Ticket?>.Continuation

  init() {
    (stream, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(8))
  }

  /// False when too many wait already.
  func put(for ticket: APIOrder.Ticket?) -> Bool {
    if case .enqueued = sink.yield(ticket) { true } else { false }
  }
}

/// The one line that `systemctl status` shows.
enum StatusLine {
  static func text(backends: Int, sources: [SourceStatus]) -> String {
    let counted = backends == 1 ? "1 backend" : "\(backends) backends"
    let states = sources.map { "\($0.source.rawValue) \($0.state.rawValue)" }
    return ([counted] + states).joined(separator: ", ")
  }
}
