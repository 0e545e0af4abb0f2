/// What of a backend outlives the daemon.
package struct RememberedBackend: Hashable, Sendable {
  /// What one source calls it.
  package struct Name: Hashable, Sendable {
    package var source: SourceKind
    /// As in `Sighting.ID`.
    package var identity: String

    package init(source: SourceKind, identity: String) {
      self.source = source
      self.identity = identity
    }
  }

  package var id: BackendID
  package var firstSeen: WallTime
  package var lastSeen: WallTime
  /// All names that it has, the leading one first: by whichever it is met again, it gets its id.
  package var names: [Name]
  /// What was added of it while the daemon ran; the first one leads.
  package var added: [AdministeredBackend]
  /// What the network said of it, under one identity; empty where an administrator names it.
  package var sightings: [Sighting]

  package init(
    id: BackendID, firstSeen: WallTime, lastSeen: WallTime, names: [Name],
    added: [AdministeredBackend] = [], sightings: [Sighting] = []
  ) {
    self.id = id
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen
    self.names = names
    self.added = added
    self.sightings = sightings
  }

  /// The same without what alone is not worth being written down again: when it was last seen.
  package var lasting: RememberedBackend {
    var lasting = self
    lasting.lastSeen = firstSeen
    return lasting
  }
}

/// What an earlier run gave a backend.
struct Birth {
  let id: BackendID
  let firstSeen: WallTime
}
