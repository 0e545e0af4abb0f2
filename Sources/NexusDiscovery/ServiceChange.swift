extension NodeRegistry {
  /// What became of a service.
  public enum Change: Hashable, Sendable {
    /// It is there; told of those that are there when the changes begin, too.
    case appeared(DiscoveredService)
    /// It is there with another address, port, TXT record or name.
    case changed(DiscoveredService)
    /// It is gone; the service as it was last.
    case disappeared(DiscoveredService)
  }
}

/// The steps from one list of services to the next: whoever follows them has the list, however many
/// changes lay between.
struct ServiceChanges {
  private var known: [DiscoveredService] = []

  /// What to tell of `services`, which are all that there are now: first what went.
  mutating func update(to services: [DiscoveredService]) -> [NodeRegistry.Change] {
    let previous = Dictionary(uniqueKeysWithValues: known.map { ($0.id, $0) })
    let ids = Set(services.map(\.id))
    let gone = known.filter { !ids.contains($0.id) }.map(NodeRegistry.Change.disappeared)
    let news = services.compactMap { service -> NodeRegistry.Change? in
      guard let before = previous[service.id] else { return .appeared(service) }
      return before == service ? nil : .changed(service)
    }
    known = services
    return gone + news
  }
}
