// How a backend looks: its leading claim decides name, URL, type and priority; the others add
// addresses and metadata.

extension RegistryState {
  mutating func view(of entry: Int) -> Backend {
    let facts = presentFacts(of: entry)
    let found = entries[entry].health.found
    let isChecked = found.map { $0.endpoint == facts.endpoint } ?? false
    return Backend(
      facts, status: isChecked ? entries[entry].health.status : .unknown, isStale: isStale(entry),
      lastSeen: lastSeen(of: entry), expiresAt: entries[entry].graceEnds?.wall,
      lastCheck: found?.lastCheck)
  }

  /// What was committed of it as long as nothing else was said.
  private mutating func presentFacts(of entry: Int) -> Backend.Facts {
    if entries[entry].touched != .everything, let committed = entries[entry].committed {
      return committed.facts
    }
    let found = entries[entry].health.found
    return facts(of: entry, findings: found?.findings, answering: found?.answering)
  }

  /// What the backend is, from its claims, and from what checks found of it.
  mutating func facts(
    of entry: Int, findings: Findings?, answering: Address?
  ) -> Backend.Facts {
    let leader = entries[entry].leader
    var ranked = entries[entry].members
    // The leader is the first of them then.
    if ranked.count > 1 { ranked.sort { claims[$0].leads(claims[$1]) } }
    let source = claims[leader].source
    let spoken = claims[leader].current
    var announced: Sighting?
    var claimedType = spoken.settings.type ?? .unknown
    var version = findings?.version
    var models: [String] = []
    var info: String?
    var hostname: String?
    var path: String?
    for claim in ranked {
      let current = claims[claim].current
      hostname = hostname ?? current.hostname
      guard let instance = current.instance else { continue }
      announced = announced ?? current
      let said = ParsedService(txt: current.txt, serviceType: instance.type)
      if claim == leader { path = said.advertisedAPIPath }
      if claimedType == .unknown, spoken.settings.type == nil { claimedType = said.type }
      version = version ?? said.version
      if models.isEmpty { models = said.models }
      info = info ?? said.info
    }
    let type = claimedType == .unknown ? findings?.type ?? .unknown : claimedType
    // An administrator's URL is taken at its word; a service's path comes from its TXT record. The
    // default is that of the backend's type, which another claim may know better.
    let apiPath =
      (spoken.instance == nil ? spoken.settings.apiPath : path) ?? type.defaultAPIPath
    let (addresses, own) = addresses(
      leader: leader, ranked: ranked, answering: answering)
    let host = host(of: spoken, from: source, addresses: addresses)
    let hostText = host.description
    return Backend.Facts(
      Backend.Facts.Values(
        id: entries[entry].id,
        name: spoken.name,
        url: Self.url(spoken.scheme, host.urlHost(as: hostText), spoken.port, apiPath),
        host: hostText,
        apiPath: apiPath,
        hostname: hostname,
        instance: announced?.instance,
        version: version,
        info: info,
        txt: announced?.txt ?? TXTRecord(),
        models: findings?.models ?? models,
        addresses: addresses,
        sources: sources(of: ranked),
        interfaces: interfaces(of: ranked),
        ownAddressCount: own,
        priority: spoken.settings.priority ?? source.defaultPriority,
        firstSeen: entries[entry].firstSeen,
        port: spoken.port,
        scheme: spoken.scheme,
        type: type,
        claimedType: claimedType,
        detectedType: findings?.type,
        source: source,
        isLocal: claims[leader].held.contains {
          $0.sighting.isOnThisMachine(policy.network)
        }))
  }

  private static func url(
    _ scheme: URLScheme, _ host: String, _ port: UInt16, _ path: String
  ) -> String {
    let (start, end) = (scheme == .http ? "http://" : "https://", String(port))
    var url = ""
    url.reserveCapacity(
      start.utf8.count + host.utf8.count + 1 + end.utf8.count + path.utf8.count)
    url += start
    url += host
    url += ":"
    url += end
    url += path
    return url
  }

  func lastSeen(of entry: Int) -> WallTime {
    var last: WallTime?
    for member in entries[entry].members {
      for held in claims[member].held {
        last = last.map { max($0, held.lastSeen.wall) } ?? held.lastSeen.wall
      }
    }
    return last ?? entries[entry].firstSeen
  }

  private func isStale(_ entry: Int) -> Bool {
    entries[entry].members.allSatisfy { claims[$0].held.allSatisfy(\.isStale) }
  }

  /// Most backends are seen on the same ones as the one before, and share the list.
  private mutating func interfaces(of ranked: [Int]) -> [String] {
    if ranked.count == 1, claims[ranked[0]].held.count == 1, lastInterfaces.count == 1,
      claims[ranked[0]].current.id.interface == lastInterfaces[0]
    {
      return lastInterfaces
    }
    var interfaces: [String] = []
    for claim in ranked {
      for held in claims[claim].held {
        guard let name = held.sighting.id.interface, !interfaces.contains(name) else { continue }
        interfaces.append(name)
      }
    }
    if interfaces.count > 1 { interfaces.sort() }
    if interfaces != lastInterfaces { lastInterfaces = interfaces }
    return lastInterfaces
  }

  private func sources(of ranked: [Int]) -> [SourceKind] {
    if ranked.count == 1 { return claims[ranked[0]].source.alone }
    var sources: [SourceKind] = []
    for claim in ranked where sources.last != claims[claim].source {
      sources.append(claims[claim].source)
    }
    return sources
  }

  /// All addresses, the leader's own before those that others add, each group in order of trial but
  /// for the one that answered last, which comes first; and how many an administrator's URL stands for.
  private func addresses(
    leader: Int, ranked: [Int], answering: Address?
  ) -> (all: [Address], own: Int) {
    var all = addresses(of: [leader])
    let own = claims[leader].source.isAdministered ? all.count : 0
    if ranked.count > 1 {
      let known = Set(all)
      all += addresses(of: ranked).filter { !known.contains($0) }
    }
    let tried = own > 0 ? all[..<own] : all[...]
    if let answering, let place = tried.firstIndex(of: answering), place > 0 {
      all.insert(all.remove(at: place), at: 0)
    }
    return (all, own)
  }

  /// The addresses of claims, each once, in order of trial.
  private func addresses(of members: [Int]) -> [Address] {
    if members.count == 1, let only = claims[members[0]].held.first?.sighting.addresses,
      claims[members[0]].held.count == 1, only.count < 2
    {
      return only
    }
    return Set(members.flatMap { claims[$0].held.flatMap(\.sighting.addresses) })
      .sorted(by: policy.isTriedBefore)
  }

  /// A configured host name stays in the URL; what the network named is reached by address.
  private func host(
    of spoken: Sighting, from source: SourceKind, addresses: [Address]
  ) -> BackendURL.Host {
    if source.isAdministered, let hostname = spoken.hostname { return .name(hostname) }
    if let first = addresses.first { return .address(first) }
    return .name(spoken.hostname ?? "")
  }
}

extension BackendURL.Host {
  /// As it stands in a URL, where `text` is its description.
  fileprivate func urlHost(as text: String) -> String {
    if case .address(let address) = self, address.family == .ipv6 { return address.urlHost }
    return text
  }
}

extension Backend.Facts {
  var endpoint: Endpoint {
    Endpoint(scheme: values.scheme, host: values.host, port: values.port)
  }
}
