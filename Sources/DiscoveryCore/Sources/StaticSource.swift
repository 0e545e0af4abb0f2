/// The `[[backends]]` of nexus.toml as a source: present as long as they are configured.
package actor StaticSource: DiscoverySource {
  package nonisolated let kind = SourceKind.static

  /// Finds the addresses of a host name; empty when there are none (yet).
  package typealias Resolver = @Sendable (_ hostname: String) async -> [Address]

  private let resolve: Resolver
  private var configured: [StaticBackend]
  private var addresses: [String: [Address]] = [:]
  private var lookedUp: Set<String> = []
  private var reported: [Sighting.ID: Sighting] = [:]
  private var news: AsyncStream<Void>.Continuation?

  package init(backends: [StaticBackend], resolve: @escaping Resolver) {
    configured = backends
    self.resolve = resolve
  }

  /// Replaces the whole set; what is no longer in it is removed.
  package func update(_ backends: [StaticBackend]) {
    configured = backends
    news?.yield()
  }

  /// Looks all host names up again, as after a change of network; until a name is found anew, what
  /// was found before holds.
  package func refresh() {
    lookedUp = []
    news?.yield()
  }

  package func run(
    emitting sink: @escaping @Sendable ([DiscoveryEvent]) async -> Void
  ) async throws {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    news = continuation
    reported = [:]
    await sink([.sourceConnected] + changes() + [.fullSetDelivered])
    continuation.yield()
    for await _ in stream {
      let current = changes()
      if !current.isEmpty { await sink(current) }
      await lookUpNames()
      let resolved = changes()
      if !resolved.isEmpty { await sink(resolved) }
    }
  }

  /// What differs from what was reported before.
  private func changes() -> [DiscoveryEvent] {
    let sightings = configured.map(sighting)
    let wanted = Set(sightings.map(\.id))
    let gone = reported.keys.filter { !wanted.contains($0) }
    let new = sightings.filter { reported[$0.id] != $0 }
    for id in gone { reported[id] = nil }
    for sighting in new { reported[sighting.id] = sighting }
    return gone.map { .serviceRemoved($0) } + new.map { .serviceFound($0) }
  }

  private func lookUpNames() async {
    let names = Set(
      configured.compactMap { backend -> String? in
        guard case .name(let name) = backend.url.host else { return nil }
        return lookedUp.contains(name) ? nil : name
      })
    lookedUp.formUnion(names)
    await withTaskGroup(of: (String, [Address]).self) { group in
      for name in names { group.addTask { [resolve] in (name, await resolve(name)) } }
      for await (name, found) in group where !found.isEmpty { addresses[name] = found }
    }
  }

  private func sighting(of backend: StaticBackend) -> Sighting {
    let url = backend.url
    let hostname: String?
    let known: [Address]
    switch url.host {
    case .address(let address): (hostname, known) = (nil, [address])
    case .name(let name): (hostname, known) = (name, addresses[name] ?? [])
    }
    return Sighting(
      id: Sighting.ID(identity: url.description), name: backend.name, scheme: url.scheme,
      hostname: hostname, port: url.port, addresses: known,
      settings: Sighting.Settings(
        type: backend.type, priority: backend.priority, apiPath: url.path))
  }
}
