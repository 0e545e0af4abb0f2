/// The `[[backends]]` of nexus.toml as a source: present as long as they are configured.
package actor StaticSource: DiscoverySource {
  package nonisolated let kind = SourceKind.static

  /// Finds the addresses of a host name; empty when there are none (yet).
  package typealias Resolver = @Sendable (_ hostname: String) async -> [Address]

  private let resolve: Resolver
  private let clock: any DiscoveryClock
  private var configured: [StaticBackend]
  private var addresses: [String: [Address]] = [:]
  /// Names that need no look-up now: found, under way, or not there.
  private var settled: Set<String> = []
  /// Grows with each refresh, which makes older look-ups moot.
  private var round = 0
  private var reported: [Sighting.ID: Sighting] = [:]
  private var news: AsyncStream<Void>.Continuation?

  package init(
    backends: [StaticBackend], clock: any DiscoveryClock, resolve: @escaping Resolver
  ) {
    configured = backends
    self.clock = clock
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
    settled = []
    round += 1
    news?.yield()
  }

  package func run(
    emitting sink: @escaping @Sendable ([DiscoveryEvent]) async -> Void
  ) async throws {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    news = continuation
    reported = [:]
    settled = []
    await sink([.sourceConnected] + changes() + [.fullSetDelivered])
    continuation.yield()
    // A name that takes long, or is never found, holds nothing else up.
    await withTaskGroup(of: Void.self) { group in
      for await _ in stream {
        let current = changes()
        if !current.isEmpty { await sink(current) }
        for name in namesToLookUp() { group.addTask { await self.lookUp(name) } }
      }
      group.cancelAll()
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

  private func namesToLookUp() -> [String] {
    configured.compactMap { backend in
      guard case .name(let name) = backend.url.host, settled.insert(name).inserted else {
        return nil
      }
      return name
    }
  }

  /// Looks `name` up until it is found: after 2, 4, 8 … 60 seconds again. Names below .local are not
  /// waited for, since the service behind one says its name itself.
  private func lookUp(_ name: String) async {
    let round = self.round
    var pause = Duration.seconds(2)
    while !Task.isCancelled {
      let found = await resolve(name)
      if !found.isEmpty {
        addresses[name] = found
        news?.yield()
        return
      }
      guard !name.hasSuffix(".local"),
        (try? await clock.sleep(until: clock.now().uptime.advanced(by: pause))) != nil
      else { return }
      guard round == self.round else { return }
      guard isConfigured(name) else {
        settled.remove(name)
        return
      }
      pause = min(pause * 2, .seconds(60))
    }
  }

  private func isConfigured(_ name: String) -> Bool {
    configured.contains { $0.url.host == .name(name) }
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
