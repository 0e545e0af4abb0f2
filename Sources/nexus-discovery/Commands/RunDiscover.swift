import APIModel
import DiscoveryCore
import NexusDiscovery

/// Listens to the LAN for a while and prints each server that was heard.
func runDiscover(_ options: DiscoverOptions, _ console: Console) async throws -> ExitStatus {
  let settings = try scanSettings(options, console)
  let documents = try await Discovery.scan(settings, for: options.timeout).filter(options.wants)
    .map(BackendDocument.init)
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
///
/// - Throws: `CommandFailure` when there is a configuration and it is wrong: its trust rules would
///   not hold.
private func scanSettings(
  _ options: DiscoverOptions, _ console: Console
) throws -> DiscoverySettings {
  let result = ConfigPath(named: nil, environment: console.environment).load()
  guard var settings = result.configuration?.discovery else {
    for problem in result.errors { console.complain(problem.description) }
    throw CommandFailure("the configuration is wrong", status: .badConfiguration)
  }
  settings.enabled = true
  // A scan asks, also where the daemon is only to listen.
  if settings.queryInterval == .zero { settings.queryInterval = DiscoverySettings().queryInterval }
  for type in options.serviceTypes where !settings.serviceTypes.contains(type) {
    settings.serviceTypes.append(type)
  }
  if options.types.isEmpty, !options.serviceTypes.isEmpty {
    settings.serviceTypes = options.serviceTypes
  }
  return settings
}

extension DiscoverOptions {
  /// True for what was asked for: any of the kinds or service types, or everything.
  func wants(_ backend: Backend) -> Bool {
    if types.isEmpty && serviceTypes.isEmpty { return true }
    return types.contains(backend.type)
      || backend.instance.map { serviceTypes.contains($0.type) } ?? false
  }
}
