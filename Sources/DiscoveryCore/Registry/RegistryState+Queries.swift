// What can be asked of the registry's state.

extension RegistryState {
  package var backendCount: Int { entries.count }

  // Look-ups are inlined: where the registry changes, all of it would be copied for the call.

  func claimSlot(of key: Claim.Key) -> Int? { claimSlot(of: key, key.indexHash) }

  @inline(__always)
  func claimSlot(of key: Claim.Key, _ hash: UInt32) -> Int? {
    claimsByKey.slot(hash) {
      claims[$0].source == key.source && claims[$0].current.id.identity == key.identity
    }
  }

  func entrySlot(of id: BackendID) -> Int? { entrySlot(of: id, id.indexHash) }

  @inline(__always)
  func entrySlot(of id: BackendID, _ hash: UInt32) -> Int? {
    entriesByID.slot(hash) { entries[$0].id == id }
  }

  /// The backend whose leader has `key`.
  @inline(__always)
  func entrySlot(ledUnder key: MatchKey) -> Int? {
    entriesByLeaderKey.slot(key.hash) { claims[entries[$0].leader].held.has(key) }
  }

  /// All backends in listing order.
  package func snapshot() -> RegistrySnapshot {
    RegistrySnapshot(
      revision: revision,
      backends: entries.indices.compactMap { entries[$0].committed.map(withLatest($0)) }
        .sorted(by: Backend.isListedBefore))
  }

  /// How each known source stands, highest precedence first.
  package func sourceStatuses() -> [SourceStatus] {
    sources.values.sorted { $0.source < $1.source }
  }

  /// The instances that are present and confirmed on `interface` over `family`: what need not be answered when
  /// the network is asked again (RFC 6762 §7.1).
  package func confirmedInstances(
    on interface: String, over family: Address.Family
  ) -> [ServiceInstance] {
    claims.indices.compactMap { slot in
      let claim = claims[slot]
      guard claim.source == .mdns, !claim.isDeparted else { return nil }
      return claim.held.first {
        !$0.isStale && $0.sighting.id.interface == interface && $0.sighting.id.family == family
      }?.sighting.instance
    }
  }

  /// Sightings and checks that repeat what is known move `lastSeen` and `lastCheck` without a commit.
  private func withLatest(_ slot: Int) -> (Backend) -> Backend {
    { backend in
      var backend = backend
      backend.lastSeen = lastSeen(of: slot)
      backend.lastCheck = entries[slot].health.found?.lastCheck
      return backend
    }
  }
}
