/// One committed change of the registry.
package struct RegistryChange: Hashable, Sendable {
  /// What happened; the raw value is the event's name in the API.
  package enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
    /// A backend is new.
    case added
    /// Its address, port, type or metadata changed.
    case updated
    /// Its last sighting went: the grace period runs.
    case disappeared
    /// It was seen again within the grace period.
    case reappeared
    /// Its health status changed.
    case status
    /// It is gone: the grace period is over, an administrator removed it, or it was merged into
    /// another.
    case removed
  }

  /// The registry's revision with this change; each change has its own.
  package let revision: UInt64
  package let kind: Kind
  /// The backend after the change; for `removed`, as it was last.
  package let backend: Backend
  /// The backend before the change; nil for `added` and `removed`.
  package let previous: Backend?

  package init(revision: UInt64, kind: Kind, backend: Backend, previous: Backend? = nil) {
    self.revision = revision
    self.kind = kind
    self.backend = backend
    self.previous = previous
  }
}
