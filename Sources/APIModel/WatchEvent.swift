import DiscoveryCore

/// The events of `GET /v1/watch` (server-sent events); the raw value is the event's name.
package enum WatchEvent: String, CaseIterable, Hashable, Sendable {
  /// The whole set, as a `BackendListDocument`: first, and whenever a reader fell too far behind.
  case snapshot
  // All others come with the whole backend, as a `BackendDocument`, and its revision as their id.
  case added, updated, disappeared, reappeared, status, removed

  package init(_ kind: RegistryChange.Kind) {
    switch kind {
    case .added: self = .added
    case .updated: self = .updated
    case .disappeared: self = .disappeared
    case .reappeared: self = .reappeared
    case .status: self = .status
    case .removed: self = .removed
    }
  }
}
