import ConfigFile
import DiscoveryCore
import SystemdBridge

/// Takes a changed configuration into force on SIGHUP: all of it, or none.
actor Reloader {
  private let options: ServeOptions
  private let path: ConfigPath
  private let log: Log
  private let discovery: Discovery
  private let statics: StaticSource
  private var inForce: Configuration

  init(
    options: ServeOptions, path: ConfigPath, inForce: Configuration, log: Log,
    discovery: Discovery, statics: StaticSource
  ) {
    self.options = options
    self.path = path
    self.inForce = inForce
    self.log = log
    self.discovery = discovery
    self.statics = statics
  }

  /// Reads the file again; the service manager is told when it begins and ends (sd_notify(3)).
  func reload() async {
    try? ServiceManager.reloading()
    await takeIntoForce()
    let status = StatusLine.text(
      backends: await discovery.registry.backendCount,
      sources: await discovery.registry.sourceStatuses())
    try? ServiceManager.ready(status: status)
  }

  private func takeIntoForce() async {
    let result = path.load()
    guard var new = result.configuration, result.errors.isEmpty else {
      log.write(
        .configRejected(path: path.path, problems: result.errors.map(\.description)))
      return
    }
    options.override(&new)
    for warning in result.warnings { log.warn(warning.description) }
    warnOfWhatNeedsRestart(new)
    new.server = inForce.server
    new.discovery.enabled = inForce.discovery.enabled
    inForce = new
    log.configure(new.logging)
    await discovery.registry.update(settings: RegistryState.Settings(new.discovery))
    discovery.avahi?.update(settings: new.discovery)
    discovery.avahi?.repeatAll()
    await discovery.queries.update(settings: new.discovery)
    await statics.update(new.backends)
    log.write(.configReloaded(path: path.path))
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
    if let logLevel { configuration.logging.level = logLevel }
    if let logFormat { configuration.logging.format = logFormat }
  }
}
