import DiscoveryCore

/// Backends that are known from an earlier run alone: that they are there again, as they were, is no
/// news to anybody.
package struct Hearsay: Sendable {
  /// How long one that is seen again may take to be seen at all of its addresses.
  package static let settling = Duration.seconds(10)

  /// An object: in the dictionary there is room for twice as many as are known.
  private final class Known: Sendable {
    let backend: Backend
    /// When it was seen again.
    let seen: Uptime?

    init(backend: Backend, seen: Uptime? = nil) {
      self.backend = backend
      self.seen = seen
    }
  }

  private var known: [BackendID: Known] = [:]

  /// Those of `backends` that have yet to be seen.
  package init(_ backends: [Backend] = []) {
    for backend in backends where backend.expiresAt != nil && backend.isStale {
      known[backend.id] = Known(backend: backend)
    }
  }

  /// How many are not settled yet.
  package var count: Int { known.count }

  /// What to tell in place of a change: an update, from what was known, or from the very same where it
  /// is no news. Nil where the change is to be told as any other.
  package mutating func told(of change: RegistryChange, at now: Uptime) -> RegistryChange? {
    let id = change.backend.id
    guard let record = known[id] else { return nil }
    // The room for them all is not needed again.
    defer { if known.isEmpty { known = [:] } }
    let isOld = record.seen.map { $0.advanced(by: Self.settling) <= now } ?? false
    switch change.kind {
    case .reappeared,
      .updated where !isOld && change.backend.expiresAt == nil:
      let isNews = !change.backend.isPart(of: record.backend)
      let isWhole = change.backend.addresses.count == record.backend.addresses.count
      known[id] =
        isNews || isWhole ? nil : Known(backend: record.backend, seen: record.seen ?? now)
      return RegistryChange(
        revision: change.revision, kind: .updated, backend: change.backend,
        previous: isNews ? record.backend : change.backend)
    case .status: return nil
    case .updated where record.seen == nil && !isOld:
      // It was asked in its grace period.
      return nil
    case .added, .updated, .disappeared, .removed:
      known[id] = nil
      return nil
    }
  }
}

extension Backend {
  /// True when it is as `known` was, but for where it has not been seen again yet and for what only its
  /// own answers tell.
  fileprivate func isPart(of known: Backend) -> Bool {
    name == known.name && port == known.port && apiPath == known.apiPath && txt == known.txt
      && instance == known.instance && source == known.source && claimedType == known.claimedType
      && addresses.allSatisfy(known.addresses.contains)
  }
}
