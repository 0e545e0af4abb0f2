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
    let findings = record.health.findings
    let claimedType =
      spoken.settings.type ?? parsed.map(\.type).first { $0 != .unknown } ?? .unknown
    let type = claimedType == .unknown ? findings?.type ?? .unknown : claimedType
    let apiPath = apiPath(of: leader, type: type)
    let (addresses, own) = addresses(
      leader: leader, ranked: ranked, answering: record.health.answering)
    let urlHost = self.urlHost(of: leader, addresses: addresses)
    let endpoint = Endpoint(
      scheme: spoken.scheme, host: urlHost.description, port: spoken.port)
    return Backend(
      id: record.id,
      name: spoken.name,
      url: "\(spoken.scheme.rawValue)://\(urlHost.urlHost):\(spoken.port)\(apiPath)",
      scheme: spoken.scheme,
      host: endpoint.host,
      port: spoken.port,
      apiPath: apiPath,
      type: type,
      claimedType: claimedType,
      detectedType: findings?.type,
      status: record.health.endpoint == endpoint ? record.health.status : .unknown,
      source: leader.source,
      sources: ranked.map(\.source).reduce(into: []) { if $0.last != $1 { $0.append($1) } },
      priority: spoken.settings.priority ?? leader.source.defaultPriority,
      addresses: addresses,
      ownAddressCount: own,
      hostname: ranked.lazy.compactMap(\.current.hostname).first,
      instance: announced?.instance,
      version: findings?.version ?? parsed.lazy.compactMap(\.version).first,
      models: findings?.models ?? parsed.map(\.models).first { !$0.isEmpty } ?? [],
      info: parsed.lazy.compactMap(\.info).first,
      txt: announced?.txt ?? TXTRecord(),
      interfaces: Set(ranked.flatMap { $0.held.compactMap(\.sighting.id.interface) }).sorted(),
      isLocal: leader.held.contains { $0.sighting.isOnThisMachine(policy.network) },
      isStale: ranked.allSatisfy { $0.held.allSatisfy(\.isStale) },
      firstSeen: record.firstSeen,
      lastSeen: lastSeen(of: entry),
      expiresAt: record.graceEnds?.wall,
      lastCheck: record.health.lastCheck)
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
    // The default is that of the backend's type, which another claim may know better.
    guard spoken.txt["api_path"] != nil, parsed.refusedAPIPath == nil else {
      return type.defaultAPIPath
    }
    return parsed.apiPath
  }

  /// All addresses, the leader's own before those that others add, each group in order of trial but
  /// for the one that answered last, which comes first; and how many an administrator's URL stands for.
  private func addresses(
    leader: Claim, ranked: [Claim], answering: Address?
  ) -> (all: [Address], own: Int) {
    func sorted(_ claims: some Sequence<Claim>) -> [Address] {
      Set(claims.flatMap { $0.held.flatMap(\.sighting.addresses) })
        .sorted(by: policy.isTriedBefore)
    }
    var all = sorted(CollectionOfOne(leader))
    let own = leader.source.isAdministered ? all.count : 0
    if ranked.count > 1 {
      let known = Set(all)
      all += sorted(ranked).filter { !known.contains($0) }
    }
    let tried = own > 0 ? all[..<own] : all[...]
    if let answering, let place = tried.firstIndex(of: answering), place > 0 {
      all.insert(all.remove(at: place), at: 0)
    }
    return (all, own)
  }

  /// A configured host name stays in the URL; what the network named is reached by address.
  private func urlHost(of leader: Claim, addresses: [Address]) -> BackendURL.Host {
    let spoken = leader.current
    if leader.source.isAdministered, let hostname = spoken.hostname { return .name(hostname) }
    if let first = addresses.first { return .address(first) }
    return .name(spoken.hostname ?? "")
  }
}
