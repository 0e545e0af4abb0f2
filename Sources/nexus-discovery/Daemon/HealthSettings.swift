import DiscoveryCore
import HealthChecks

extension HealthChecker.Settings {
  /// What the configuration says, with at most `places` checks at once, since more would fail for want
  /// of descriptors; the log is told when that is less than what is wanted.
  init(
    _ configuration: Configuration, access: [Endpoint: ProbeAccess], places: Int, log: Log
  ) {
    self.init(checks: configuration.healthCheck, access: access)
    guard checks.maxConcurrent > places else { return }
    log.warn(
      "\(places) checks at once instead of \(checks.maxConcurrent), as more descriptors may not be"
        + " open (RLIMIT_NOFILE)")
    checks.maxConcurrent = places
  }
}
