/// What log records tell of and metrics count; the raw value is the event's name in both.
package enum LogEvent: String, CaseIterable, Hashable, Sendable {
  /// A backend was added.
  case discovered
  /// A backend's address, port, type or metadata changed.
  case updated
  /// A backend's last sighting went: its grace period runs.
  case disappeared
  /// A backend was seen again within its grace period.
  case reappeared
  /// A backend's grace period is over, or it was removed by hand.
  case removed
  /// A backend answers its health checks.
  case healthy
  /// A backend does not answer its health checks.
  case unhealthy
  /// A sighting is refused, or adds nothing to what is configured.
  case skipped
  /// A source works.
  case sourceUp = "source_up"
  /// A source does not work.
  case sourceDown = "source_down"
  /// A service of this machine is announced.
  case announced
  /// A service of this machine is announced no more.
  case withdrawn
  /// The configuration was read again and is in force.
  case configReloaded = "config_reloaded"
  /// The configuration was read again and is wrong: the old one stays in force.
  case configRejected = "config_rejected"
  /// A limit was reached; said once until there is room again.
  case limitReached = "limit_reached"
}

extension RegistryChange {
  /// What it is called in the log; nil for a status that became unknown, which is no event.
  package var event: LogEvent? {
    switch kind {
    case .added: .discovered
    case .updated: .updated
    case .disappeared: .disappeared
    case .reappeared: .reappeared
    case .removed: .removed
    case .status:
      switch backend.status {
      case .healthy: .healthy
      case .unhealthy: .unhealthy
      case .unknown: nil
      }
    }
  }
}

extension RegistryNotice {
  /// What it is called in the log; nil for what is no event.
  package var event: LogEvent? {
    switch self {
    case .skipped: .skipped
    case .sourceUp: .sourceUp
    case .sourceDown: .sourceDown
    case .limitReached: .limitReached
    case .roomAgain: nil
    }
  }
}
