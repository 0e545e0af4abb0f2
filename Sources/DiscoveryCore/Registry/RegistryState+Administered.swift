// What has to be known before a backend is added or removed while the daemon runs.

extension RegistryState {
  /// What nexus.toml has to say to a backend that is to be added at `url`.
  package func statics(at url: BackendURL) -> RuntimeBackends.Statics {
    let wanted = Sighting(AdministeredBackend(name: "", url: url))
    let keys = wanted.matchKeys(onThisMachine: wanted.isOnThisMachine(policy.network))
    var statics = RuntimeBackends.Statics()
    for slot in claims.indices where claims[slot].source == .static {
      let claim = claims[slot]
      statics.names.insert(claim.current.name)
      // Also its name without an address yet, and its addresses under another one's name.
      if claim.keys.contains(where: keys.contains) { statics.nameAtServer = claim.current.name }
    }
    return statics
  }

  /// The backend with this id, else the first listed one with this name.
  package func find(_ idOrName: String) -> Backend? {
    if let id = BackendID(idOrName), let entry = entrySlot(of: id) {
      return entries[entry].committed
    }
    return entries.indices.lazy.compactMap { entries[$0].committed }
      .filter { $0.name == idOrName }
      .min(by: Backend.isListedBefore)
  }

  /// The URLs under which the backend `id` was added while the daemon ran.
  package func runtimeURLs(of id: BackendID) -> [String] {
    guard let entry = entrySlot(of: id) else { return [] }
    return entries[entry].members.map { claims[$0].key }.filter { $0.source == .runtime }
      .map(\.identity)
  }

  /// The backend that was added as `url`.
  package func backendID(ofRuntime url: BackendURL) -> BackendID? {
    claimSlot(of: Claim.Key(source: .runtime, identity: url.description))
      .flatMap { claims[$0].entry }.map { entries[$0].id }
  }
}
