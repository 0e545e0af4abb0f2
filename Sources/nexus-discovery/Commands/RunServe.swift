import ConfigFile
import DiscoveryCore
import EventLoop
import SystemdBridge

/// Runs the daemon until it is told to end.
func runServe(_ options: ServeOptions, _ console: Console) async throws -> ExitStatus {
  Heap.returnLargeBlocks()
  let path = ConfigPath(named: options.config, environment: console.environment)
  let result = path.load()
  guard var configuration = result.configuration, result.errors.isEmpty else {
    for problem in result.problems { console.complain(problem.description) }
    return .badConfiguration
  }
  options.override(&configuration)
  guard !configuration.server.isForbiddenRemote else {
    console.complain(
      "--host \(configuration.server.host): other machines reach it, and \"allow_remote\" in"
        + " [server] is not true")
    return .badConfiguration
  }
  let lacksJournal = configuration.logging.format == .journal && !Journal.isAvailable
  if lacksJournal { configuration.logging.format = .text }
  let log = Log(
    configuration.logging, isUnderJournal: Journal.stderrIsJournal,
    journal: { try? Journal.send($0.compactMap { JournalField($0.name, $0.value) }) },
    clock: SystemClock())
  if lacksJournal { log.warn("there is no journal on this machine: logging text") }
  let access = result.backendAccess(environment: console.environment)
  for warning in result.warnings + access.problems { log.warn(warning.description) }
  return try await Daemon(
    options: options, configuration: configuration, access: access, path: path,
    environment: console.environment, log: log
  ).run()
}
