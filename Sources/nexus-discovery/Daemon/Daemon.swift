import ConfigFile
import DiscoveryCore
import Dispatch
import EventLoop
import Glibc
import NetworkBridge
import SystemdBridge
import WebBridge

/// The daemon: the only place that knows every part, and the one task group that owns them.
struct Daemon: Sendable {
  /// How long an orderly end may take before the process ends regardless: a call into a hung Avahi
  /// cannot be interrupted.
  static let longestEnd = Duration.milliseconds(1500)

  private let options: ServeOptions
  private let log: Log
  private let discovery: Discovery
  private let statics: StaticSource
  private let server: WebServer
  private let reloader: Reloader
  /// One element for any number of requests to ask the network again.
  private let refreshes: AsyncStream<Void>
  private let orders = Orders()

  /// Puts everything in place; throws a `CommandFailure` that says what is in the way.
  init(options: ServeOptions, configuration: Configuration, path: ConfigPath, log: Log) async throws
  {
    self.options = options
    self.log = log
    discovery = await Discovery(settings: configuration.discovery) {
      switch $0 {
      case .network(let failure):
        log.warn("cannot follow this machine's links, discovery is incomplete: \(failure)")
      case .query(let failure): log.debug("cannot ask the network on \(failure)")
      }
    }
    statics = StaticSource(backends: configuration.backends, clock: discovery.clock) {
      await HostResolver.addresses(of: $0)
    }
    reloader = Reloader(
      options: options, path: path, inForce: configuration, log: log, discovery: discovery,
      statics: statics)
    let clock = discovery.clock
    var setup = WebServer.Setup(
      socketPath: configuration.server.socket,
      identity: ReadModel.Identity(version: Product.version, pid: getpid(), started: clock.now()),
      clock: clock)
    let (refreshes, refresh) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.refreshes = refreshes
    setup.onRefresh = { refresh.yield() }
    setup.onEnd = { [orders] in orders.put(.apiEnded($0)) }
    setup.onError = { log.warn("API: \($0)") }
    do {
      server = try WebServer(setup)
    } catch {
      throw CommandFailure("cannot serve the API: \(error)")
    }
    await discovery.registry.declare(.static, enabled: true)
    log.info("\(Product.name) \(Product.version) serves \(configuration.server.socket)")
  }

  /// Runs until SIGTERM or SIGINT; fails when the API cannot be served any more.
  func run() async -> ExitStatus {
    let signals = SignalWatch.stream(of: [SIGTERM, SIGINT, SIGHUP]) {
      if $0 != SIGHUP { Self.endSoon() }
    }
    let status = await withTaskGroup(of: Void.self, returning: ExitStatus.self) { group in
      group.addTask { [statics, discovery] in
        await discovery.run(onNetwork: { await statics.refresh() })
      }
      group.addTask { [statics, discovery] in
        await SourceSupervisor(statics, registry: discovery.registry, clock: discovery.clock).run()
      }
      group.addTask { await feedServer() }
      group.addTask { await followRefreshes() }
      group.addTask { await RegistryLog(log: log).follow(discovery.registry) }
      group.addTask {
        await RegistryLog(log: log).followNotices(of: discovery.registry) {
          discovery.avahi?.repeatAll()
        }
      }
      group.addTask { for await signal in signals { orders.put(.signal(signal)) } }
      let status = await follow(orders)
      tellManager { () throws(SystemdFailure) in try ServiceManager.stopping() }
      group.cancelAll()
      return status
    }
    server.stop()
    return status
  }

  /// Reloads on SIGHUP; returns at what ends the daemon.
  private func follow(_ orders: Orders) async -> ExitStatus {
    for await order in orders.stream {
      switch order {
      case .signal(SIGHUP): await reloader.reload()
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
      await statics.refresh()
    }
  }

  private func tellManager(_ message: () throws(SystemdFailure) -> Void) {
    do throws(SystemdFailure) {
      try message()
    } catch {
      log.warn("cannot tell the service manager: \(error)")
    }
  }

  /// Ends the process by force if its orderly end takes too long.
  private static func endSoon() {
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

/// The one line that `systemctl status` shows.
enum StatusLine {
  static func text(backends: Int, sources: [SourceStatus]) -> String {
    let counted = backends == 1 ? "1 backend" : "\(backends) backends"
    let states = sources.map { "\($0.source.rawValue) \($0.state.rawValue)" }
    return ([counted] + states).joined(separator: ", ")
  }
}
