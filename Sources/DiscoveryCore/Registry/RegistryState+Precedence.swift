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
    let leading = claims[leader].current
    let settings = leading.settings
    var announced: Sighting?
    var claimedType = settings.type ?? .unknown
    for claim in ranked {
      let current = claims[claim].current
      guard let said = current.said else { continue }
      announced = announced ?? current
      guard claimedType == .unknown, settings.type == nil else { break }
      claimedType = said.type
    }
    let (addresses, own) = addresses(leader: leader, ranked: ranked, answering: answering)
    return Backend.Facts(
      id: entries[entry].id, leading: leading, announced: announced,
      combined: ranked.count > 1 || findings != nil ? combined(ranked, findings) : nil,
      addresses: addresses, ownAddressCount: own, sources: sources(of: ranked),
      interfaces: interfaces(of: ranked), source: claims[leader].source, claimedType: claimedType,
      detectedType: findings?.type,
      isLocal: claims[leader].held.contains { $0.sighting.isOnThisMachine(policy.network) },
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
    entries[entry].members.allSatisfy { claims[$0].held.allSatisfy { $0.isStale } }
  }

  /// Most backends are seen on the same ones as the one before, and share the list.
  private mutating func interfaces(of ranked: Few<Int>) -> [String] {
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
    leader: Int, ranked: Few<Int>, answering: Address?
  ) -> (all: [Address], own: Int) {
    var all = addresses(of: .one(leader))
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
  private func addresses(of members: Few<Int>) -> [Address] {
    if members.count == 1, let only = claims[members[0]].held.first?.sighting.addresses,
      claims[members[0]].held.count == 1, only.count < 2
    {
      return only
    }
    return Set(members.flatMap { claims[$0].held.flatMap(\.sighting.addresses) })
      .sorted(by: policy.isTriedBefore)
  }
}
