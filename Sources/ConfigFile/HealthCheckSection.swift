import DiscoveryCore

extension HealthCheckSettings {
  mutating func read(from section: inout SectionReader) {
    section.read("enabled", .boolean, into: &enabled)
    section.read("interval_seconds", .seconds(1...86_400), into: &interval)
    section.read("timeout_seconds", .seconds(1...300), into: &timeout)
    section.read("failure_threshold", .integer(1...100), into: &failureThreshold)
    section.read("recovery_threshold", .integer(1...100), into: &recoveryThreshold)
    section.read("max_concurrent", .integer(1...Self.mostConcurrent), into: &maxConcurrent)
    guard enabled, timeout >= interval else { return }
    // It works all the same: a server's next check never begins before the last one ended.
    let position =
      section.valuePosition(of: "timeout_seconds") ?? section.valuePosition(of: "interval_seconds")
    section.warning(
      at: position ?? section.position,
      "\"timeout_seconds\" in [health_check] is not below \"interval_seconds\"",
      hint: "a server that hangs is asked less often than that")
  }
}
