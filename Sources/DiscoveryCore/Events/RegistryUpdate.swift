/// All backends at one revision.
package struct RegistrySnapshot: Hashable, Sendable {
  package let revision: UInt64
  /// In listing order: priority, name, id.
  package let backends: [Backend]

  package init(revision: UInt64, backends: [Backend]) {
    self.revision = revision
    self.backends = backends
  }
}

/// What a watcher gets: a whole set once, then changes, each revision in order, or a whole set again
/// when it fell too far behind.
package struct RegistryUpdate: Sendable {
  package enum Content: Sendable {
    case snapshot(RegistrySnapshot)
    /// Empty when only a source's state or a count of skips changed, or backends were checked.
    case changes([RegistryChange])
  }

  package let content: Content
  /// How each source stands after it, in order of precedence.
  package let sources: [SourceStatus]
  /// The last check of backends where it found nothing new, which is no change; none with a snapshot,
  /// which has them all.
  package let checks: [BackendID: HealthReport]
  /// How often each reason to skip occurred; those that never did are absent.
  package let skipped: [RegistryNotice.SkipReason: Int]

  package init(
    content: Content, sources: [SourceStatus], checks: [BackendID: HealthReport] = [:],
    skipped: [RegistryNotice.SkipReason: Int] = [:]
  ) {
    self.content = content
    self.sources = sources
    self.checks = checks
    self.skipped = skipped
  }
}

/// How a source stands.
package struct SourceStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable, Codable {
    /// Switched off by the configuration.
    case disabled
    /// Has not worked yet.
    case waiting
    case up
    /// Worked, and does not now.
    case down
  }

  package let source: SourceKind
  package var state: State
  /// When the state began.
  package var since: WallTime
  /// The last failure's reason, also after a recovery.
  package var lastError: String?
  /// How often it worked again after a failure.
  package var reconnects: Int
  /// How many sightings are present, the stale ones included.
  package var sightings: Int
  /// What keeps it from telling all that there is.
  package var limits: [SourceLimit]
  /// True once it has told all that there was when it began to work, this time.
  package var isFullSetDelivered: Bool

  package init(
    source: SourceKind, state: State, since: WallTime, lastError: String? = nil,
    reconnects: Int = 0, sightings: Int = 0, limits: [SourceLimit] = [],
    isFullSetDelivered: Bool = false
  ) {
    self.source = source
    self.state = state
    self.since = since
    self.lastError = lastError
    self.reconnects = reconnects
    self.sightings = sightings
    self.limits = limits
    self.isFullSetDelivered = isFullSetDelivered
  }
}
