// Which claims are one backend. A backend has one leading claim; each other claim in it shares a
// key with the leader, not merely with one another, so that an announcement which names two servers'
// addresses joins one of them and cannot fuse the two.

extension RegistryState {
  /// Gives a claim without a backend its place: the best one that it shares a key with, or its own.
  mutating func place(_ claim: Int, at now: Moment) {
    let keys = claims.held(by: claim).keys
    let related = leaders(sharing: keys)
    // Compared only where there is a choice: what compares has a copy of the registry.
    guard let best = related.count > 1 ? related.min(by: isBetterLed) : related.first else {
      found(entryLedBy: claim, under: keys, at: now)
      return
    }
    guard
      claims[claim].source.isAdministered
        || entries[best].members.count < Self.maximumClaimsPerBackend
    else {
      report(
        .sightingsOfOneBackend(
          name: claims[entries[best].leader].current.name,
          maximum: Self.maximumClaimsPerBackend))
      refuse(claim)
      return
    }
    join(claim, best)
    if claims[claim].leads(claims[entries[best].leader]) {
      lead(best, with: claim, at: now)
    } else if claims[entries[best].leader].source.isAdministered,
      !claims[claim].source.isAdministered
    {
      note(.skipped(claims[claim].current, claims[claim].source, .knownAsStatic))
    }
  }

  /// Follows a claim's new addresses, port or name, which had the keys `former` before: it stays where
  /// it is if it still belongs there.
  mutating func rekey(_ claim: Int, from former: [MatchKey], at now: Moment) {
    guard let entry = claims[claim].entry, !claims[claim].isDeparted else { return }
    touch(entry)
    claims[claim].locate(on: policy.network)
    let keys = claims[claim].keys
    guard keys != former else { return }
    guard entries[entry].leader == claim else {
      if !isRelated(claim, toLeaderOf: entry) { rehome([claim], from: entry, at: now) }
      return
    }
    unindex(entry, under: former)
    if leaders(sharing: keys).contains(where: { isLed($0, before: claim) }) {
      leave(entry, claim, at: now)
      place(claim, at: now)
    } else {
      index(entry, under: keys, at: now)
      reviewFollowers(of: entry, at: now)
    }
  }

  /// The last sighting of a claim went.
  mutating func depart(_ claim: Int, at now: Moment) {
    guard let entry = claims[claim].entry else { return }
    claims[claim].isDeparted = true
    if entries[entry].members.count > 1 {
      if entries[entry].leader == claim { unindex(entry, under: claims[claim].keys) }
      leave(entry, claim, at: now)
      forget(claim)
    } else if claims[claim].source.isAdministered || claims[claim].source.timeToLive != nil {
      remove(entry)
    } else {
      beginGrace(entry, at: now)
    }
  }

  /// Takes a backend away with all its claims; its last view is committed as removed.
  mutating func remove(_ entry: Int) {
    for member in close(entry) { forget(member) }
  }

  // MARK: - Steps

  private mutating func found(entryLedBy claim: Int, under keys: [MatchKey], at now: Moment) {
    let source = claims[claim].source
    guard source.isAdministered || entries.count < settings.maxBackends else {
      report(.backends(maximum: settings.maxBackends))
      refuse(claim)
      return
    }
    let identity = claims[claim].held.current.id.identity
    let birth =
      births.isEmpty
      ? nil
      : births.removeValue(forKey: Claim.Key(source: source, identity: identity))
        .flatMap { entrySlot(of: $0.id) == nil ? $0 : nil }
    let (id, hash) =
      birth.map { ($0.id, $0.id.indexHash) }
      ?? freeID(of: identity, in: source == .mdns ? .dns : .url)
    let entry = entries.insert(
      Entry(
        id: id, firstSeen: birth?.firstSeen ?? now.wall, leader: claim, members: .one(claim),
        touched: .everything, health: Health(notBefore: now.uptime)))
    touched.append(entry)
    entriesByID.insert(entry, hash)
    claims[claim].entry = entry
    enter(entry, under: keys)
    if source.timeToLive != nil { schedule(entry) }
  }

  /// The id of the identity, or its next one when a backend that was born with it lives on; and its
  /// hash.
  @inline(__always)  // As the look-ups are.
  private func freeID(
    of identity: String, in namespace: BackendID.Namespace
  ) -> (id: BackendID, hash: UInt32) {
    var attempt = 0
    while true {
      let id = BackendID(of: identity, in: namespace, attempt: attempt)
      let hash = id.indexHash
      if entrySlot(of: id, hash) == nil { return (id, hash) }
      attempt += 1
    }
  }

  private mutating func join(_ claim: Int, _ entry: Int) {
    entries[entry].members.append(claim)
    claims[claim].entry = entry
    touch(entry)
    schedule(entry)
  }

  /// Makes a member the leader; a departed claim was kept only to be recognised, and goes.
  private mutating func lead(_ entry: Int, with claim: Int, at now: Moment) {
    unindex(entry, under: claims[entries[entry].leader].keys)
    entries[entry].leader = claim
    endGrace(entry, at: now)
    for member in entries[entry].members where claims[member].isDeparted {
      entries[entry].members.removeAll { $0 == member }
      forget(member)
    }
    index(entry, under: claims[claim].keys, at: now)
    reviewFollowers(of: entry, at: now)
  }

  /// Enters the leader's keys; backends whose leaders share one are taken in.
  private mutating func index(_ entry: Int, under keys: [MatchKey], at now: Moment) {
    var others: [Int] = []
    // All of the others' first: what has the hash of one of its keys may be found under another.
    for key in keys {
      guard let other = entrySlot(ledUnder: key) else { continue }
      if !others.contains(other) { others.append(other) }
      entriesByLeaderKey.remove(other, key.hash)
    }
    enter(entry, under: keys)
    for other in others where entries.contains(other) {
      for member in close(other) {
        if claims[member].isDeparted { forget(member) } else { place(member, at: now) }
      }
    }
  }

  /// Enters keys that no other leader has, each once.
  private mutating func enter(_ entry: Int, under keys: [MatchKey]) {
    for key in keys where entrySlot(ledUnder: key) == nil {
      entriesByLeaderKey.insert(entry, key.hash)
    }
  }

  private mutating func unindex(_ entry: Int, under keys: [MatchKey]) {
    for key in keys { entriesByLeaderKey.remove(entry, key.hash) }
  }

  /// Takes the claim out of its backend, which finds another leader, or ends without one. Where the
  /// claim led, its keys have left the index already.
  private mutating func leave(_ entry: Int, _ claim: Int, at now: Moment) {
    claims[claim].entry = nil
    touch(entry)
    entries[entry].members.removeAll { $0 == claim }
    schedule(entry)
    guard entries[entry].leader == claim else { return }
    let heir = entries[entry].members.min { claims[$0].leads(claims[$1]) }
    guard let heir,
      !leaders(sharing: claims[heir].keys).contains(where: { isLed($0, before: heir) })
    else {
      for member in close(entry) { place(member, at: now) }
      return
    }
    entries[entry].leader = heir
    index(entry, under: claims[heir].keys, at: now)
    reviewFollowers(of: entry, at: now)
  }

  /// Finds a place for the followers that share nothing with the present leader.
  private mutating func reviewFollowers(of entry: Int, at now: Moment) {
    guard entries[entry].members.count > 1 else { return }
    let strangers = Array(entries[entry].members).filter {
      $0 != entries[entry].leader && !isRelated($0, toLeaderOf: entry)
    }
    rehome(strangers, from: entry, at: now)
  }

  private mutating func rehome(_ strangers: [Int], from entry: Int, at now: Moment) {
    guard !strangers.isEmpty else { return }
    entries[entry].members.removeAll(where: strangers.contains)
    touch(entry)
    schedule(entry)
    for stranger in strangers {
      claims[stranger].entry = nil
      place(stranger, at: now)
    }
  }

  /// Ends a backend and hands its claims back, placeless.
  private mutating func close(_ entry: Int) -> Few<Int> {
    let closed = entries[entry]
    if claims.contains(closed.leader) { unindex(entry, under: claims[closed.leader].keys) }
    if let committed = closed.committed { dissolved.append(committed) }
    entriesByID.remove(entry, closed.id.indexHash)
    entries.remove(entry, leaving: .vacant)
    deadlines.cancel(entry)
    for member in closed.members { claims[member].entry = nil }
    let limit = RegistryNotice.Limit.backends(maximum: settings.maxBackends)
    if entries.count <= settings.maxBackends * 9 / 10, limitsReported.remove(limit) != nil {
      note(.roomAgain)
    }
    return closed.members
  }

  private mutating func forget(_ claim: Int) {
    if !claims[claim].isDeparted {
      countSighting(of: claims[claim].source, by: -claims[claim].held.count)
    }
    claimsByKey.remove(claim, claims[claim].key.indexHash)
    claims.remove(claim, leaving: .vacant)
  }

  private mutating func refuse(_ claim: Int) {
    note(.skipped(claims[claim].current, claims[claim].source, .limit))
    forget(claim)
  }

  // MARK: - Relations

  @inline(__always)  // As the look-ups are.
  func leaders(sharing keys: [MatchKey]) -> [Int] {
    var found: [Int] = []
    for key in keys {
      if let entry = entrySlot(ledUnder: key), !found.contains(entry) { found.append(entry) }
    }
    return found
  }

  private func isBetterLed(_ left: Int, _ right: Int) -> Bool {
    claims[entries[left].leader].leads(claims[entries[right].leader])
  }

  private func isLed(_ entry: Int, before claim: Int) -> Bool {
    entries[entry].leader != claim && claims[entries[entry].leader].leads(claims[claim])
  }

  private func isRelated(_ claim: Int, toLeaderOf entry: Int) -> Bool {
    // One sighting after the other: mostly the first one is.
    claims[claim].held.contains { held in
      held.keys.contains { entrySlot(ledUnder: $0) == entry }
    }
  }
}
