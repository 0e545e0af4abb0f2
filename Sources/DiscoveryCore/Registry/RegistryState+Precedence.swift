// How a backend looks: its leading claim decides name, URL, type and priority; the others add
// addresses and metadata.

extension RegistryState {
  mutating func view(of entry: Int) -> Backend {
    let facts = presentFacts(of: entry)
    let found = entries[entry].health.found
    let isChecked = found.map { $0.endpoint == facts.endpoint } ?? false
    let (lastSeen, isStale) = presence(of: entry)
    return Backend(
      facts, status: isChecked ? entries[entry].health.status : .unknown, isStale: isStale,
      lastSeen: lastSeen, expiresAt: entries[entry].graceEnds?.wall, lastCheck: found?.lastCheck)
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
    let (source, own) = (claims[leader].source, claims[leader].held)
    var ranked = entries[entry].members
    var all = own
    if ranked.count > 1 {
      // The leader is the first of them then.
      ranked.sort { claims[$0].leads(claims[$1]) }
      all = .many(ranked.flatMap { claims[$0].held })
    }
    let leading = own.current
    let settings = leading.settings
    var announced: Sighting?
    var claimedType = settings.type ?? .unknown
    for claim in ranked {
      let current = ranked.count == 1 ? leading : claims[claim].current
      guard let said = current.said else { continue }
      announced = announced ?? current
      guard claimedType == .unknown, settings.type == nil else { break }
      claimedType = said.type
    }
    let (addresses, ownCount) = addresses(
      own: own, all: all, from: source, answering: answering)
    return Backend.Facts(
      id: entries[entry].id, leading: leading, announced: announced,
      combined: ranked.count > 1 || findings != nil ? combined(ranked, findings) : nil,
      addresses: addresses, ownAddressCount: ownCount, sources: sources(of: ranked),
      interfaces: interfaces(of: all), source: source, claimedType: claimedType,
      detectedType: findings?.type,
      isLocal: own.contains { $0.sighting.isOnThisMachine(policy.network) },
      firstSeen: entries[entry].firstSeen)
  }

  /// What checks found, else what the first of the claims says that says anything.
  private func combined(_ ranked: Few<Int>, _ findings: Findings?) -> Backend.Facts.Combined {
    let current = ranked.lazy.map { claims[$0].current }
    let said = current.compactMap(\.said)
    return Backend.Facts.Combined(
      hostname: current.compactMap(\.hostname).first,
      version: findings?.version ?? said.compactMap(\.version).first,
      models: findings?.models ?? said.map(\.models).first { !$0.isEmpty } ?? [],
      info: said.compactMap(\.info).first)
  }

  func lastSeen(of entry: Int) -> WallTime { presence(of: entry).lastSeen }

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

  private func sources(of ranked: Few<Int>) -> [SourceKind] {
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
    return Set(held.flatMap(\.sighting.addresses)).sorted(by: policy.isTriedBefore)
  }
}
