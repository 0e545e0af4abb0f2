import ConfigFile
import DiscoveryCore
import EventLoop
import SystemdBridge

/// Runs the daemon until it is told to end.
func runServe(_ options: ServeOptions, _ console: Console) async throws -> ExitStatus {
  let path = ConfigPath(named: options.config, environment: console.environment)
  let result = path.load()
  guard var configuration = result.configuration, result.errors.isEmpty else {
    for problem in result.problems { console.complain(problem.description) }
    return .badConfiguration
  }
  options.override(&configuration)
  let lacksJournal = configuration.logging.format == .journal && !Journal.isAvailable
  if lacksJournal { configuration.logging.format = .text }
  let log = Log(
    configuration.logging, isUnderJournal: Journal.stderrIsJournal,
    journal: { try? Journal.send($0.compactMap { JournalField($0.name, $0.value) }) },
    clock: SystemClock())
  if lacksJournal { log.warn("there is no journal on this machine: logging text") }
  for warning in result.warnings { log.warn(warning.description) }
  return try await Daemon(
    options: options, configuration: configuration, path: path, log: log
  ).run()
}
