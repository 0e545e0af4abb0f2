// What outlives the daemon: what it knew last is there at once when it starts again.

extension RegistryState {
  /// All that is worth knowing after a restart, in the order in which it was met.
  package func remembered() -> [RememberedBackend] {
    entries.indices
      .sorted { claims[entries[$0].leader].order < claims[entries[$1].leader].order }
      .map(remembered)
  }

  private func remembered(_ slot: Int) -> RememberedBackend {
    let entry = entries[slot]
    let ranked = entry.members.map { claims[$0] }.sorted { $0.leads($1) }
    let leader = claims[entry.leader]
    return RememberedBackend(
      id: entry.id, firstSeen: entry.firstSeen, lastSeen: lastSeen(of: slot),
      names: ranked.map { .init(source: $0.source, identity: $0.key.identity) },
      added: ranked.filter { $0.source == .runtime }.compactMap {
        AdministeredBackend($0.current)
      },
      sightings: leader.source == .mdns ? leader.held.map { $0.sighting } : [])
  }

  /// Puts back what an earlier run knew, before anything else is told: it is no change and has no
  /// revision.
  ///
  /// What an administrator added is there again. What the network said is hearsay until it is said
  /// again: stale, and in its grace period, which begins now whatever becomes of Avahi. A fact of
  /// this run's source is kept when that goes; nobody in this run has seen these. The network's trust
  /// rules and the limits hold as for any sighting.
  package mutating func restore(_ backends: [RememberedBackend], at now: Moment) {
    for backend in backends {
      let birth = Birth(id: backend.id, firstSeen: min(backend.firstSeen, now.wall))
      for name in backend.names {
        births[Claim.Key(source: name.source, identity: name.identity)] = birth
      }
    }
    for backend in backends {
      for added in backend.added { found(Sighting(added), from: .runtime, at: now) }
    }
    for backend in backends where backend.added.isEmpty {
      restoreSightings(of: backend, at: now)
    }
    commitSilently()
  }

  /// As one departed claim: the first one that is seen of the server takes its place.
  private mutating func restoreSightings(of backend: RememberedBackend, at now: Moment) {
    guard let identity = backend.sightings.first?.id.identity else { return }
    let key = Claim.Key(source: .mdns, identity: identity)
    let seen = Moment(uptime: now.uptime, wall: min(backend.lastSeen, now.wall))
    var held = Few<Claim.Held>()
    for sighting in backend.sightings.prefix(Self.maximumSightingsPerClaim)
    where sighting.id.identity == identity
      && !held.contains(where: { $0.sighting.id == sighting.id })
    {
      guard case .success(let admitted) = policy.vetted(sighting, from: .mdns) else { continue }
      let vetted = Self.capped(admitted)
      held.append(Claim.Held(sighting: vetted, lastSeen: seen, isStale: true))
    }
    guard !held.isEmpty, entries.count < settings.maxBackends, claimSlot(of: key) == nil
    else { return }
    var restored = Claim(source: .mdns, order: nextOrder + 1, held: held)
    restored.isDeparted = true
    restored.locate(on: policy.network)
    guard leaders(sharing: restored.keys).isEmpty else { return }
    nextOrder += 1
    let claim = claims.insert(restored)
    claimsByKey.insert(claim, key.indexHash)
    place(claim, at: now)
    if let entry = claims[claim].entry { beginGrace(entry, at: now) }
  }
}

extension AdministeredBackend {
  /// What was said to be at a URL, from the sighting that came of it; nil for any other sighting.
  init?(_ sighting: Sighting) {
    guard let url = try? BackendURL(parsing: sighting.id.identity) else { return nil }
    self.init(
      name: sighting.name, url: url, type: sighting.settings.type,
      priority: sighting.settings.priority)
  }
}
