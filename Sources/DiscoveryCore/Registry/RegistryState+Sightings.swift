// What a source's reports do to its claims.

extension RegistryState {
  mutating func found(_ sighting: Sighting, from source: SourceKind, at now: Moment) {
    let key = Claim.Key(source: source, identity: sighting.id.identity)
    let hash = key.indexHash
    let claim = claimSlot(of: key, hash)
    // What is repeated was judged when it came, and whenever the rules changed since.
    if let claim, repeats(claim, sighting, at: now) { return }
    judge(sighting, of: claim, under: key, hash, at: now)
  }

  /// True when the claim holds the very same: it is seen again, and nothing else comes of it.
  private mutating func repeats(_ claim: Int, _ sighting: Sighting, at now: Moment) -> Bool {
    guard !claims[claim].isDeparted, let position = claims[claim].held.index(of: sighting.id),
      claims[claim].held[position].sighting == sighting
    else { return false }
    claims[claim].held[position].lastSeen = now
    if claims[claim].held[position].isStale {
      claims[claim].held[position].isStale = false
      if let entry = claims[claim].entry { touch(entry, .presence) }
    }
    return true
  }

  /// Takes what the trust rules leave of a sighting into its claim, `claim` when it is there.
  private mutating func judge(
    _ sighting: Sighting, of claim: Int?, under key: Claim.Key, _ hash: UInt32, at now: Moment
  ) {
    let vetted: Sighting
    switch policy.vetted(sighting, from: key.source) {
    case .failure(let refusal):
      note(.skipped(sighting, key.source, refusal.reason))
      // What it said before holds no longer either.
      removed(sighting.id, from: key.source, at: now)
      return
    case .success(let admitted):
      vetted = Self.capped(admitted)
    }
    let mayHavePath =
      vetted.txt.hasValue(of: "api_path") || claim.map { claims[$0].isPathRefused } == true
    defer { if mayHavePath { noteRefusedPath(of: key) } }
    guard let claim else {
      open(key, hash, with: vetted, at: now)
      return
    }
    if claims[claim].isDeparted {
      revive(claim, with: vetted, at: now)
    } else if !vetted.isCopy(of: sighting), repeats(claim, vetted, at: now) {
      return
    } else if let position = claims[claim].held.index(of: vetted.id) {
      let isMoved = !vetted.isAtSamePlace(as: claims[claim].held[position].sighting)
      let former = isMoved ? claims[claim].keys : []
      claims[claim].replaceSighting(at: position, with: vetted, at: now)
      if isMoved {
        rekey(claim, from: former, at: now)
      } else if let entry = claims[claim].entry {
        touch(entry)
      }
    } else {
      guard hasRoom(forSightingOf: claim) else {
        note(.skipped(vetted, key.source, .limit))
        return
      }
      countSighting(of: key.source, by: 1)
      let former = claims[claim].keys
      claims[claim].held.append(Claim.Held(sighting: vetted, lastSeen: now))
      rekey(claim, from: former, at: now)
    }
  }

  mutating func removed(_ id: Sighting.ID, from source: SourceKind, at now: Moment) {
    let key = Claim.Key(source: source, identity: id.identity)
    guard let claim = claimSlot(of: key), !claims[claim].isDeparted,
      let position = claims[claim].held.index(of: id)
    else { return }
    countSighting(of: source, by: -1)
    guard claims[claim].held.count > 1 else {
      depart(claim, at: now)
      return
    }
    let former = claims[claim].keys
    claims[claim].held.remove(at: position)
    rekey(claim, from: former, at: now)
    // Another sighting speaks for it now.
    noteRefusedPath(of: key)
  }

  // MARK: - Sources

  mutating func connected(_ source: SourceKind, at now: Moment) {
    var status = sources[source] ?? SourceStatus(source: source, state: .waiting, since: now.wall)
    guard status.state != .up else { return }
    if status.state == .down { status.reconnects += 1 }
    status.state = .up
    status.isFullSetDelivered = false
    status.since = now.wall
    sources[source] = status
    note(.sourceUp(source))
  }

  /// The source's sightings stay: better stale than gone.
  mutating func failed(_ source: SourceKind, reason: String, at now: Moment) {
    var status = sources[source] ?? SourceStatus(source: source, state: .waiting, since: now.wall)
    let isNews = status.state == .up || status.lastError == nil
    if status.state == .up {
      status.state = .down
      status.isFullSetDelivered = false
      status.since = now.wall
    }
    status.lastError = reason
    sources[source] = status
    if isNews { note(.sourceDown(source, reason: reason)) }
    for slot in claims.indices where claims[slot].source == source && !claims[slot].isDeparted {
      for position in claims[slot].held.indices { claims[slot].held[position].isStale = true }
      if let entry = claims[slot].entry { touch(entry, .presence) }
    }
  }

  /// Each limit is told once, until it is over.
  mutating func limited(_ source: SourceKind, by limits: [SourceLimit], at now: Moment) {
    var status = sources[source] ?? SourceStatus(source: source, state: .waiting, since: now.wall)
    let known = Set(status.limits.map(\.name))
    for limit in limits where !known.contains(limit.name) {
      note(.limitReached(.ofSource(source, limit)))
    }
    status.limits = limits
    sources[source] = status
  }

  /// What a source that is back did not repeat is gone.
  mutating func fullSetDelivered(by source: SourceKind, at now: Moment) {
    sources[source]?.isFullSetDelivered = true
    // Where all of a backend's claims go, the one that leads is the last: it shows to the end.
    let gone = claims.indices.filter { claims[$0].source == source && !claims[$0].isDeparted }
      .sorted { claims[$1].leads(claims[$0]) }
      .flatMap { claims[$0].held.filter(\.isStale).map(\.sighting.id) }
    for id in gone { removed(id, from: source, at: now) }
  }

  /// Judges all that is present anew, as if it were reported again.
  mutating func reviewSightings(at now: Moment) {
    let present = claims.indices.filter { !claims[$0].isDeparted }
      .flatMap { slot in claims[slot].held.map { (claims[slot].source, $0.sighting) } }
    for (source, sighting) in present {
      switch policy.vetted(sighting, from: source) {
      case .success(sighting): continue
      case .success, .failure:
        let key = Claim.Key(source: source, identity: sighting.id.identity)
        let hash = key.indexHash
        judge(sighting, of: claimSlot(of: key, hash), under: key, hash, at: now)
      }
    }
  }

  // MARK: - Claims

  /// A server that the source has not named before.
  private mutating func open(
    _ key: Claim.Key, _ hash: UInt32, with sighting: Sighting, at now: Moment
  ) {
    guard hasRoom(forSightingsFrom: key.source) else {
      note(.skipped(sighting, key.source, .limit))
      return
    }
    nextOrder += 1
    let held = Claim.Held(
      sighting: sighting, lastSeen: now,
      isOnThisMachine: sighting.isOnThisMachine(policy.network))
    let claim = claims.insert(Claim(source: key.source, order: nextOrder, held: .one(held)))
    claimsByKey.insert(claim, hash)
    countSighting(of: key.source, by: 1)
    place(claim, at: now)
  }

  /// Back within the grace period: what it says now replaces what was kept of it.
  private mutating func revive(_ claim: Int, with sighting: Sighting, at now: Moment) {
    let former = claims[claim].keys
    claims[claim].isDeparted = false
    claims[claim].held = .one(Claim.Held(sighting: sighting, lastSeen: now))
    countSighting(of: claims[claim].source, by: 1)
    if let entry = claims[claim].entry { endGrace(entry, at: now) }
    rekey(claim, from: former, at: now)
  }

  /// A path that would steer the URL is worth a word: once for each server, until it says a good one.
  private mutating func noteRefusedPath(of key: Claim.Key) {
    guard let claim = claimSlot(of: key) else { return }
    let sighting = claims[claim].current
    let isRefused = sighting.said?.refusedAPIPath != nil
    guard isRefused != claims[claim].isPathRefused else { return }
    claims[claim].isPathRefused = isRefused
    if isRefused { note(.skipped(sighting, key.source, .apiPathRefused)) }
  }

  static func capped(_ sighting: consuming Sighting) -> Sighting {
    guard sighting.addresses.count > maximumAddressesPerSighting else { return sighting }
    sighting.addresses = Array(sighting.addresses.sorted().prefix(maximumAddressesPerSighting))
    return sighting
  }

  // MARK: - Limits

  private mutating func hasRoom(forSightingOf claim: Int) -> Bool {
    guard claims[claim].held.count < Self.maximumSightingsPerClaim else {
      report(
        .sightingsOfOneBackend(
          name: claims[claim].current.name, maximum: Self.maximumSightingsPerClaim))
      return false
    }
    return hasRoom(forSightingsFrom: claims[claim].source)
  }

  private mutating func hasRoom(forSightingsFrom source: SourceKind) -> Bool {
    let maximum = 8 * settings.maxBackends
    guard source.isAdministered || sightingCount < maximum else {
      report(.sightings(maximum: maximum))
      return false
    }
    return true
  }

  /// Says so once, until the settings change or there is ample room again.
  mutating func report(_ limit: RegistryNotice.Limit) {
    // A hostile neighbour chooses names; it shall not choose how many of them are remembered.
    if case .sightingsOfOneBackend = limit, limitsReported.count >= 64 { return }
    guard limitsReported.insert(limit).inserted else { return }
    note(.limitReached(limit))
  }

  mutating func countSighting(of source: SourceKind, by step: Int) {
    sightingCount += step
    if !limitsReported.isEmpty, sightingCount <= 7 * settings.maxBackends {
      limitsReported.remove(.sightings(maximum: 8 * settings.maxBackends))
    }
    // Changed in place it would take a coroutine, whose frame malloc has to give.
    guard var status = sources[source] else { return }
    status.sightings += step
    sources[source] = status
  }
}
