/// What a source sees. It only ever reports; the registry decides what that means.
package enum DiscoveryEvent: Hashable, Sendable {
  /// The source works (again): what it reports from here on is current.
  case sourceConnected
  /// A sighting is there, or is there with other data.
  case serviceFound(Sighting)
  /// A sighting is gone.
  case serviceRemoved(Sighting.ID)
  /// The first full set since `sourceConnected` is delivered: what was not repeated by now is gone.
  case fullSetDelivered
  /// The source does not work; its sightings stay, stale.
  case sourceFailed(reason: String)
  /// All that keeps the source from telling everything that there is; empty when nothing does any
  /// more.
  case sourceLimited([SourceLimit])
}
