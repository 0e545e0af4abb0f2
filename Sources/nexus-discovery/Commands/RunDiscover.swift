import APIModel
import DiscoveryCore

/// Listens to the LAN for a while and prints each server that was heard.
func runDiscover(_ options: DiscoverOptions, _ console: Console) async throws -> ExitStatus {
  let discovery = await Discovery(settings: scanSettings(options, console))
  let running = Task { await discovery.run() }
  let end = discovery.clock.now().uptime.advanced(by: options.timeout)
  try? await discovery.clock.sleep(until: end)
  let backends = await discovery.registry.snapshot().backends.filter {
    options.types.isEmpty || options.types.contains($0.type)
  }
  let mdns = await discovery.registry.sourceStatuses().first { $0.source == .mdns }
  running.cancel()
  // Not waited for: a hung Avahi would hold this back, and the process ends anyway.
  if backends.isEmpty, mdns?.state != .up {
    throw CommandFailure(
      "cannot listen to the network: \(mdns?.lastError ?? "avahi-daemon does not answer")")
  }
  let documents = backends.map(BackendDocument.init)
  if options.json {
    try console.write(String(decoding: JSONText.encode(documents), as: UTF8.self) + "\n")
  } else if documents.isEmpty {
    console.writeError("no servers found\n")
  } else {
    try console.write(
      lines: BackendTable.table(of: documents, now: console.now)
        .lines(width: console.terminal.width, styled: console.terminal.hasColor))
  }
  return .done
}

/// The machine's own settings, as far as they can be read, and what the command line says.
private func scanSettings(_ options: DiscoverOptions, _ console: Console) -> DiscoverySettings {
  let path = ConfigPath(named: nil, environment: console.environment)
  var settings = path.load().configuration?.discovery ?? DiscoverySettings()
  settings.enabled = true
  if !options.serviceTypes.isEmpty { settings.serviceTypes = options.serviceTypes }
  // The scan ends before a second round of regular questions would matter.
  settings.queryInterval = max(settings.queryInterval, .seconds(1))
  return settings
}
