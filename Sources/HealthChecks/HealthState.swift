import DiscoveryCore

/// What a backend's checks, one after another, make of its status.
///
/// Unknown becomes healthy at the first success. Otherwise a status holds until the thresholds of
/// successes or failures in a row are reached, but that an unknown one which says itself that it is
/// not ready is unhealthy at once.
package struct HealthState: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case success
    case failure
    /// It answers, and says that it is not ready.
    case notReady

    /// What it is counted as.
    var result: CheckTally.Result {
      switch self {
      case .success: .success
      case .failure: .failure
      case .notReady: .notReady
      }
    }
  }

  package private(set) var status = BackendStatus.unknown
  /// Failures in a row, not being ready included.
  package private(set) var failures = 0
  /// Successes in a row.
  package private(set) var successes = 0
  /// True when the last check found it not ready.
  package private(set) var isNotReady = false

  package init() {}

  /// True while the last check says otherwise than the status: soon to be asked again.
  package var isInDoubt: Bool {
    switch status {
    case .unknown: failures > 0
    case .healthy: failures > 0
    case .unhealthy: successes > 0
    }
  }

  /// Takes the outcome of the next check.
  package mutating func record(_ outcome: Outcome, settings: HealthCheckSettings) {
    isNotReady = outcome == .notReady
    if outcome == .success {
      successes += 1
      failures = 0
      if status == .unknown || successes >= settings.recoveryThreshold { status = .healthy }
    } else {
      failures += 1
      successes = 0
      let isSaid = isNotReady && status == .unknown
      if isSaid || failures >= settings.failureThreshold { status = .unhealthy }
    }
  }
}
