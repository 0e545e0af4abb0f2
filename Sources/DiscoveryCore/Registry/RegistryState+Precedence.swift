// How a backend looks: its leading claim decides name, URL, type and priority; the others add
// addresses and metadata.

extension RegistryState {
  func view(of entry: Int) -> Backend {
    let record = entries[entry]
    let ranked = record.members.sorted { claims[$0].leads(claims[$1]) }.map { claims[$0] }
    let leader = claims[record.leader]
    let spoken = leader.current
    let parsed = ranked.compactMap { claim in
      claim.current.instance.map { ParsedService(txt: claim.current.txt, serviceType: $0.type) }
    }
    let announced = ranked.first { $0.current.instance != nil }?.current
    let type =
      spoken.settings.type ?? parsed.map(\.type).first { $0 != .unknown } ?? .unknown
    let apiPath = apiPath(of: leader, type: type)
    let addresses = addresses(leader: leader, ranked: ranked)
    let urlHost = self.urlHost(of: leader, addresses: addresses)
    return Backend(
      id: record.id,
      name: spoken.name,
      url: "\(spoken.scheme.rawValue)://\(urlHost.urlHost):\(spoken.port)\(apiPath)",
      scheme: spoken.scheme,
      host: urlHost.description,
      port: spoken.port,
      apiPath: apiPath,
      type: type,
      status: record.status,
      source: leader.source,
      sources: ranked.map(\.source).reduce(into: []) { if $0.last != $1 { $0.append($1) } },
      priority: spoken.settings.priority ?? leader.source.defaultPriority,
      addresses: addresses,
      hostname: ranked.lazy.compactMap(\.current.hostname).first,
      instance: announced?.instance,
      version: parsed.lazy.compactMap(\.version).first,
      models: parsed.map(\.models).first { !$0.isEmpty } ?? [],
      info: parsed.lazy.compactMap(\.info).first,
      txt: announced?.txt ?? TXTRecord(),
      interfaces: Set(ranked.flatMap { $0.held.compactMap(\.sighting.id.interface) }).sorted(),
      isLocal: leader.held.contains { $0.sighting.isOnThisMachine(policy.network) },
      isStale: ranked.allSatisfy { $0.held.allSatisfy(\.isStale) },
      firstSeen: record.firstSeen,
      lastSeen: lastSeen(of: entry),
      expiresAt: record.graceEnds?.wall,
      lastCheck: record.lastCheck)
  }

  func lastSeen(of entry: Int) -> WallTime {
    entries[entry].members.flatMap { claims[$0].held.map(\.lastSeen.wall) }.max()
      ?? entries[entry].firstSeen
  }

  /// An administrator's URL is taken at its word; a service's path comes from its TXT record.
  private func apiPath(of leader: Claim, type: BackendType) -> String {
    let spoken = leader.current
    guard let instance = spoken.instance else {
      return spoken.settings.apiPath ?? type.defaultAPIPath
    }
    let parsed = ParsedService(txt: spoken.txt, serviceType: instance.type)
    return spoken.txt["api_path"] == nil ? type.defaultAPIPath : parsed.apiPath
  }

  /// All addresses, the leader's own before those that others add, each group in order of trial.
  private func addresses(leader: Claim, ranked: [Claim]) -> [Address] {
    func sorted(_ claims: some Sequence<Claim>) -> [Address] {
      Set(claims.flatMap { $0.held.flatMap(\.sighting.addresses) })
        .sorted(by: policy.isTriedBefore)
    }
    let own = sorted(CollectionOfOne(leader))
    guard ranked.count > 1 else { return own }
    let known = Set(own)
    return own + sorted(ranked).filter { !known.contains($0) }
  }

  /// A configured host name stays in the URL; what the network named is reached by address.
  private func urlHost(of leader: Claim, addresses: [Address]) -> BackendURL.Host {
    let spoken = leader.current
    if leader.source.isAdministered, let hostname = spoken.hostname { return .name(hostname) }
    if let first = addresses.first { return .address(first) }
    return .name(spoken.hostname ?? "")
  }
}
