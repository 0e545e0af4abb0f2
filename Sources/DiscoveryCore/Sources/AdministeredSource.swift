/// What an administrator names as a source, present as long as it is named: the `[[backends]]` of
/// nexus.toml, or what was added while the daemon runs.
package actor AdministeredSource: DiscoverySource {
  package nonisolated let kind: SourceKind

  /// Finds the addresses of a host name; empty when there are none (yet).
  package typealias Resolver = @Sendable (_ hostname: String) async -> [Address]

  private let resolve: Resolver
  private let clock: any DiscoveryClock
  private var configured: [AdministeredBackend]
  private var addresses: [String: [Address]] = [:]
  /// Names that need no look-up now: found, under way, or not there.
  private var settled: Set<String> = []
  /// Grows with each refresh, which makes older look-ups moot.
  private var round = 0
  private var reported: [Sighting.ID: Sighting] = [:]
  private var news: AsyncStream<Void>.Continuation?
  /// Grows with each new set; `delivered` is the last one that the registry has taken.
  private var version = 0
  private var delivered = -1
  private let deliveries = WaitingList()

  /// A source of `kind`, one of the administered ones.
  package init(
    _ kind: SourceKind, backends: [AdministeredBackend], clock: any DiscoveryClock,
    resolve: @escaping Resolver
  ) {
    self.kind = kind
    configured = backends
    self.clock = clock
    self.resolve = resolve
  }

  /// Replaces the whole set; what is no longer in it is removed. Returns when the registry has taken
  /// it, or the task is cancelled.
  package func update(_ backends: [AdministeredBackend]) async {
    configured = backends
    // A name that comes back later is looked up anew.
    settled = settled.filter(isConfigured)
    addresses = addresses.filter { isConfigured($0.key) }
    version += 1
    let wanted = version
    news?.yield()
    while !Task.isCancelled {
      let wakings = deliveries.wakings
      if delivered >= wanted { return }
      await deliveries.wait(after: wakings)
    }
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
    var current = version
    await sink([.sourceConnected] + changes() + [.fullSetDelivered])
    tellDelivered(current)
    continuation.yield()
    // A name that takes long, or is never found, holds nothing else up.
    await withTaskGroup(of: Void.self) { group in
      for await _ in stream {
        current = version
        let changes = changes()
        if !changes.isEmpty { await sink(changes) }
        tellDelivered(current)
        for name in namesToLookUp() { group.addTask { await self.lookUp(name) } }
      }
      group.cancelAll()
    }
  }

  private func tellDelivered(_ version: Int) {
    delivered = version
    deliveries.wakeAll()
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

  private func sighting(of backend: AdministeredBackend) -> Sighting {
    guard case .name(let name) = backend.url.host else { return Sighting(backend) }
    return Sighting(backend, resolvedTo: addresses[name] ?? [])
  }
}

extension Sighting {
  /// What an administrator says of `backend`, whose host's name has `addresses`.
  package init(_ backend: AdministeredBackend, resolvedTo addresses: [Address] = []) {
    let url = backend.url
    let hostname: String?
    let known: [Address]
    switch url.host {
    case .address(let address): (hostname, known) = (nil, [address])
    case .name(let name): (hostname, known) = (name, addresses)
    }
    self.init(
      id: ID(identity: url.description), name: backend.name, scheme: url.scheme,
      hostname: hostname, port: url.port, addresses: known,
      settings: Settings(type: backend.type, priority: backend.priority, apiPath: url.path))
  }
}
