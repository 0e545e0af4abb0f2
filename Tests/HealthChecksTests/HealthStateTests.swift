import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct HealthStateTests {
  private static let settings = HealthCheckSettings()

  /// The status after each of `outcomes`: "+" success, "-" failure, "0" not ready.
  private func statuses(_ outcomes: String) -> [BackendStatus] {
    var state = HealthState()
    return outcomes.map { outcome in
      state.record(
        outcome == "+" ? .success : outcome == "-" ? .failure : .notReady, settings: Self.settings)
      return state.status
    }
  }

  @Test(
    "a status holds until the threshold in a row is reached",
    arguments: [
      ("+", BackendStatus.healthy), ("-", .unknown), ("--", .unknown), ("---", .unhealthy),
      ("--+", .healthy), ("+--", .healthy), ("+---", .unhealthy), ("+--+--", .healthy),
      ("---+", .unhealthy), ("---++", .healthy), ("---+-+", .unhealthy), ("0", .unhealthy),
      ("0+", .unhealthy), ("0++", .healthy), ("+0", .healthy), ("+000", .unhealthy),
      ("+-0-", .unhealthy),
    ])
  func thresholds(outcomes: String, status: BackendStatus) {
    #expect(statuses(outcomes).last == status)
  }

  @Test("no status changes but by the rules, whatever comes", arguments: 0..<50)
  func randomOutcomes(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var settings = HealthCheckSettings()
    settings.failureThreshold = Int.random(in: 1...5, using: &random)
    settings.recoveryThreshold = Int.random(in: 1...5, using: &random)
    var state = HealthState()
    var history: [HealthState.Outcome] = []
    for _ in 0..<400 {
      let before = state.status
      let outcome: HealthState.Outcome =
        random.chance(50) ? .success : random.chance(80) ? .failure : .notReady
      history.append(outcome)
      state.record(outcome, settings: settings)
      let successes = history.reversed().prefix { $0 == .success }.count
      let failures = history.reversed().prefix { $0 != .success }.count
      switch (before, state.status) {
      case (.unknown, .healthy): #expect(outcome == .success, "seed \(seed)")
      case (.unhealthy, .healthy):
        #expect(successes >= settings.recoveryThreshold, "seed \(seed)")
      case (.unknown, .unhealthy):
        #expect(
          failures >= settings.failureThreshold || outcome == .notReady, "seed \(seed)")
      case (.healthy, .unhealthy):
        #expect(failures >= settings.failureThreshold, "seed \(seed)")
      case (_, .unknown): #expect(before == .unknown && outcome == .failure, "seed \(seed)")
      case (.healthy, .healthy): #expect(failures < settings.failureThreshold, "seed \(seed)")
      case (.unhealthy, .unhealthy):
        #expect(successes < settings.recoveryThreshold, "seed \(seed)")
      }
    }
  }
}

@Suite struct CheckTimingTests {
  private func pauses(after outcomes: String, interval: Duration = .seconds(30)) -> [Duration] {
    var settings = HealthCheckSettings()
    settings.interval = interval
    var state = HealthState()
    var random = SeededGenerator(seed: 1)
    return outcomes.map { outcome in
      state.record(
        outcome == "+" ? .success : outcome == "-" ? .failure : .notReady, settings: settings)
      return CheckTiming(settings: settings).pause(after: state, using: &random)
    }
  }

  @Test(
    "each interval, sooner to confirm, ever later what is unhealthy",
    arguments: [
      ("+", 30.0), ("+-", 15), ("+--", 15), ("+---", 30), ("+----", 60), ("+-----", 120),
      ("+------", 240), ("+-------", 300), ("+--------------------", 300), ("+-----+", 15),
      ("-", 15), ("000000", 30),
    ])
  func measures(outcomes: String, seconds: Double) {
    let pause = pauses(after: outcomes).last ?? .zero
    #expect(pause >= .seconds(seconds * 0.9))
    #expect(pause <= .seconds(min(seconds * 1.1, 300)))
  }

  @Test("a server that dies is unhealthy within three intervals")
  func threeIntervals() {
    // Its last good check was just over: the pause after that, then two to confirm, each timing out.
    for interval in [10, 30, 60] {
      let sum = pauses(after: "+--", interval: .seconds(interval)).reduce(.zero, +)
      #expect(sum + .seconds(5) <= .seconds(3 * interval))
    }
  }

  @Test("an interval beyond five minutes is the longest pause")
  func longInterval() {
    let pause = pauses(after: "----------", interval: .seconds(1000)).last ?? .zero
    #expect(pause >= .seconds(900) && pause <= .seconds(1000))
  }
}
