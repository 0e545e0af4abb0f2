import Announcing
import ConfigFile
import DiscoveryCore
import HealthChecks
import NexusDiscovery
import SystemdBridge

/// Takes a changed configuration into force: all of it, or none.
actor Reloader {
  private let options: ServeOptions
  private let path: ConfigPath
  private let environment: @Sendable (String) -> String?
  private let log: Log
  private let registryLog: RegistryLog
  private let discovery: Discovery
  private let statics: AdministeredSource
  private let health: HealthChecking
  private let announcements: Announcements
  /// How many checks at once are possible.
  private let places: Int
  private var inForce: Configuration

  init(
    options: ServeOptions, path: ConfigPath, environment: @escaping @Sendable (String) -> String?,
    inForce: Configuration, log: Log, registryLog: RegistryLog, discovery: Discovery,
    statics: AdministeredSource, health: HealthChecking, announcements: Announcements, places: Int
  ) {
    self.options = options
    self.path = path
    self.environment = environment
    self.inForce = inForce
    self.log = log
    self.registryLog = registryLog
    self.discovery = discovery
    self.statics = statics
    self.health = health
    self.announcements = announcements
    self.places = places
  }

  /// Reads the file again; what is wrong with it, a line each, or nothing. The service manager is told
  /// when it begins and ends (sd_notify(3)).
  @discardableResult
  func reload() async -> [String] {
    try? ServiceManager.reloading()
    let problems = await takeIntoForce()
    let status = StatusLine.text(
      backends: await discovery.registry.backendCount,
      sources: await discovery.registry.sourceStatuses())
    try? ServiceManager.ready(status: status)
    return problems
  }

  private func takeIntoForce() async -> [String] {
    let result = path.load()
    guard var new = result.configuration, result.errors.isEmpty else {
      discovery.counters.count(.configRejected)
      let problems = result.errors.map(\.description)
      log.write(.configRejected(path: path.path, problems: problems))
      return problems
    }
    options.override(&new)
    let access = result.backendAccess(environment: environment)
    for warning in result.warnings + access.problems { log.warn(warning.description) }
    warnOfWhatNeedsRestart(new)
    new.server = inForce.server
    new.discovery.enabled = inForce.discovery.enabled
    inForce = new
    log.configure(new.logging)
    await registryLog.levelChanged()
    await takeIntoForce(new, access: access.access)
    discovery.avahi?.update(settings: new.discovery)
    discovery.avahi?.repeatAll()
    await discovery.queries.update(settings: new.discovery)
    await statics.update(new.backends)
    await announcements.update(settings: Announcer.Settings(new))
    discovery.counters.count(.configReloaded)
    log.write(.configReloaded(path: path.path))
    return []
  }

  /// Health checks end before the registry forgets them, and begin once it takes their results. A
  /// server is never asked in the old way once the new backends are known.
  private func takeIntoForce(_ new: Configuration, access: [Endpoint: ProbeAccess]) async {
    let settings = HealthChecker.Settings(new, access: access, places: places, log: log)
    if !new.healthCheck.enabled { await health.update(settings: settings) }
    await discovery.registry.update(settings: RegistryState.Settings(new))
    if new.healthCheck.enabled { await health.update(settings: settings) }
  }

  private func warnOfWhatNeedsRestart(_ new: Configuration) {
    if new.server != inForce.server { log.warn("[server] takes effect at the next start") }
    if new.discovery.enabled != inForce.discovery.enabled {
      log.warn("[discovery] enabled takes effect at the next start")
    }
  }
}

extension ServeOptions {
  /// Puts what the command line says above what the file says.
  func override(_ configuration: inout Configuration) {
    if noDiscovery { configuration.discovery.enabled = false }
    if let socket { configuration.server.socket = socket }
    if let host { configuration.server.host = host }
    if let port { configuration.server.port = port }
    if let logLevel { configuration.logging.level = logLevel }
    if let logFormat { configuration.logging.format = logFormat }
  }
}
