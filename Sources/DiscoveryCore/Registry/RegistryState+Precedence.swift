// How a backend looks: its leading claim decides name, URL, type and priority; the others add
// addresses and metadata.

extension RegistryState {
  mutating func view(of entry: Int) -> Backend {
    let facts = presentFacts(of: entry)
    let (found, graceEnds) = (entries[entry].health.found, entries[entry].graceEnds)
    let isChecked = found.map { $0.endpoint == facts.endpoint } ?? false
    let (lastSeen, isStale) = presence(of: entry)
    return Backend(
      facts, status: isChecked ? entries[entry].health.status : .unknown, isStale: isStale,
      lastSeen: lastSeen, expiresAt: graceEnds?.wall, lastCheck: found?.lastCheck)
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
    let source = claims[leader].source
    let own = claims.held(by: leader)
    let leading = own.current
    var all = own
    var announced: Sighting?
    var combined: Backend.Facts.Combined?
    if entries[entry].members.count > 1 || findings != nil {
      // The leader is the first of them.
      let ranked = entries[entry].members.sorted { claims[$0].leads(claims[$1]) }
      if ranked.count > 1 { all = .many(ranked.flatMap { claims[$0].held }) }
      if leading.instance == nil {
        announced = ranked.first { claims[$0].current.instance != nil }.map { claims[$0].current }
      }
      combined = self.combined(ranked, findings)
    }
    let (addresses, ownCount) = policy.addresses(
      own: own, all: all, from: source, answering: answering)
    return Backend.Facts(
      id: entries[entry].id, leading: leading, announced: announced, combined: combined,
      addresses: addresses, ownAddressCount: ownCount, interfaces: interfaces(of: all),
      source: source, detectedType: findings?.type, isLocal: isOnThisMachine(own, of: leader),
      firstSeen: entries[entry].firstSeen)
  }

  /// Whether this machine serves the leader's sightings: as was considered for its keys, which those of a
  /// departed one are not again when the network changes.
  @inline(__always)  // As the look-ups are.
  private func isOnThisMachine(_ own: Few<Claim.Held>, of leader: Int) -> Bool {
    claims[leader].isDeparted
      ? own.contains { $0.sighting.isOnThisMachine(policy.network) }
      : own.contains { $0.isOnThisMachine }
  }

  /// What checks found, else what the first of the claims says that says anything.
  private func combined(_ ranked: [Int], _ findings: Findings?) -> Backend.Facts.Combined {
    let current = ranked.lazy.map { claims[$0].current }
    let said = current.compactMap(\.said)
    let types = said.lazy.map(\.type)
    return Backend.Facts.Combined(
      sources: sources(of: ranked),
      claimedType: current.first?.settings.type ?? types.first { $0 != .unknown } ?? .unknown,
      hostname: current.compactMap(\.hostname).first,
      version: findings?.version ?? said.compactMap(\.version).first,
      models: findings?.models ?? said.map(\.models).first { !$0.isEmpty } ?? [],
      info: said.compactMap(\.info).first)
  }

  func lastSeen(of entry: Int) -> WallTime { presence(of: entry).lastSeen }

  @inline(__always)  // As the look-ups are.
  private func presence(of entry: Int) -> (lastSeen: WallTime, isStale: Bool) {
    var last: WallTime?
    var isStale = true
    for member in entries[entry].members {
      for held in claims[member].held {
        last = last.map { max($0, held.lastSeen.wall) } ?? held.lastSeen.wall
        isStale = isStale && held.isStale
      }
    }
    return (last ?? entries[entry].firstSeen, isStale)
  }

  /// Most backends are seen on the same ones as the one before, and share the list.
  private mutating func interfaces(of all: Few<Claim.Held>) -> [String] {
    if case .one(let held) = all, lastInterfaces.count == 1,
      held.sighting.id.interface == lastInterfaces[0]
    {
      return lastInterfaces
    }
    var interfaces: [String] = []
    for held in all {
      guard let name = held.sighting.id.interface, !interfaces.contains(name) else { continue }
      interfaces.append(name)
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
}

extension AddressPolicy {
  /// All addresses, the leader's own before those that others add, each group in order of trial but
  /// for the one that answered last, which comes first; and how many an administrator's URL stands for.
  fileprivate func addresses(
    own: Few<Claim.Held>, all: Few<Claim.Held>, from source: SourceKind, answering: Address?
  ) -> (all: [Address], own: Int) {
    var addresses = addresses(of: own)
    let ownCount = source.isAdministered ? addresses.count : 0
    if all.count > own.count {
      let known = Set(addresses)
      addresses += self.addresses(of: all).filter { !known.contains($0) }
    }
    let tried = ownCount > 0 ? addresses[..<ownCount] : addresses[...]
    if let answering, let place = tried.firstIndex(of: answering), place > 0 {
      addresses.insert(addresses.remove(at: place), at: 0)
    }
    return (addresses, ownCount)
  }

  /// The addresses of sightings, each once, in order of trial.
  private func addresses(of held: Few<Claim.Held>) -> [Address] {
    if case .one(let only) = held, only.sighting.addresses.count < 2 {
      return only.sighting.addresses
    }
    return Set(held.flatMap(\.sighting.addresses)).sorted(by: isTriedBefore)
  }
}
