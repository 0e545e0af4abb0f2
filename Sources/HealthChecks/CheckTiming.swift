import DiscoveryCore

/// How long after the beginning of a check the next one begins.
struct CheckTiming {
  /// The unhealthy are asked at least this often, or each interval where that is longer.
  static let longestPause: Duration = .seconds(300)

  let settings: HealthCheckSettings

  /// The pause after a check that led to `state`, within ten percent of its measure: an interval; half
  /// of one where the last check is to be confirmed; for the unhealthy twice as long each time.
  func pause(
    after state: HealthState, using random: inout some RandomNumberGenerator
  ) -> Duration {
    let measure = measure(after: state)
    let jittered = measure * Double.random(in: 0.9...1.1, using: &random)
    return state.status == .unhealthy ? min(jittered, longest) : jittered
  }

  private var longest: Duration { max(Self.longestPause, settings.interval) }

  private func measure(after state: HealthState) -> Duration {
    if state.isInDoubt { return settings.interval / 2 }
    guard state.status == .unhealthy, !state.isNotReady else { return settings.interval }
    let doublings = min(max(state.failures - settings.failureThreshold, 0), 16)
    return min(settings.interval * (1 << doublings), longest)
  }
}
