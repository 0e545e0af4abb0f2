import ConfigFile
import DiscoveryCore
import Testing

@Suite("[health_check] in nexus.toml")
struct HealthCheckTests {
  @Test("every key is read")
  func readsEverything() {
    let result = ConfigFile.parse(
      """
      [health_check]
      enabled = false
      interval_seconds = 10.5
      timeout_seconds = 2
      failure_threshold = 1
      recovery_threshold = 100
      max_concurrent = 1024
      """, path: "f")
    var expected = HealthCheckSettings()
    expected.enabled = false
    expected.interval = .milliseconds(10_500)
    expected.timeout = .seconds(2)
    expected.failureThreshold = 1
    expected.recoveryThreshold = 100
    expected.maxConcurrent = 1024
    #expect(result.problems == [])
    #expect(result.configuration?.healthCheck == expected)
  }

  @Test("values of [health_check]", arguments: Self.cases)
  func problems(_ bad: BadConfig) {
    let result = ConfigFile.parse(bad.text, path: "f")
    #expect(result.problems.map { $0.description } == bad.problems.map { "f:" + $0 })
    #expect((result.configuration == nil) == bad.problems.contains { $0.contains(": error: ") })
  }

  private static let slow =
    "\"timeout_seconds\" in [health_check] is not below \"interval_seconds\";"
    + " a server that hangs is asked less often than that"

  private static let cases: [BadConfig] = [
    .init(
      "[health_check]\ninterval_seconds = 0.5\ntimeout_seconds = 301\n",
      "2:20: error: \"interval_seconds\" in [health_check] must be 1 to 86400 seconds, but is 0.5",
      "3:19: error: \"timeout_seconds\" in [health_check] must be 1 to 300 seconds, but is 301"),
    .init(
      "[health_check]\ninterval_seconds = \"30s\"\ntimeout_seconds = 0\n",
      "2:20: error: \"interval_seconds\" in [health_check] must be a number of seconds,"
        + " but is a string",
      "3:19: error: \"timeout_seconds\" in [health_check] must be 1 to 300 seconds, but is 0"),
    .init(
      "[health_check]\nfailure_threshold = 0\nrecovery_threshold = 101\nmax_concurrent = 0\n",
      "2:21: error: \"failure_threshold\" in [health_check] must be 1 to 100, but is 0",
      "3:22: error: \"recovery_threshold\" in [health_check] must be 1 to 100, but is 101",
      "4:18: error: \"max_concurrent\" in [health_check] must be 1 to 1024, but is 0"),
    .init(
      "[health_check]\nenabled = 1\nintervall_seconds = 3\n",
      "2:11: error: \"enabled\" in [health_check] must be a boolean, but is an integer",
      "3:1: error: unknown key \"intervall_seconds\" in [health_check];"
        + " did you mean \"interval_seconds\"?"),
    .init("[health_check]\ninterval_seconds = 5\n", "2:20: warning: \(slow)"),
    .init(
      "[health_check]\ninterval_seconds = 3\ntimeout_seconds = 4\n", "3:19: warning: \(slow)"),
    .init("[health_check]\ntimeout_seconds = 30\n", "2:19: warning: \(slow)"),
    .init("[health_check]\nenabled = false\ninterval_seconds = 5\n"),
    .init("[health_check]\ninterval_seconds = 5\ntimeout_seconds = 4.5\n"),
  ]
}
