/// Which addresses the network may name, and in which order they are tried.
package struct AddressPolicy: Hashable, Sendable {
  package var trust: TrustSettings
  package var prefer: Address.Family
  package var network: LocalNetwork

  package init(
    trust: TrustSettings = TrustSettings(), prefer: Address.Family = .ipv4,
    network: LocalNetwork = LocalNetwork()
  ) {
    self.trust = trust
    self.prefer = prefer
    self.network = network
  }

  /// True when an announcement may name `address`; loopback only in this machine's own.
  package func admits(_ address: Address, inOwnAnnouncement isOwn: Bool) -> Bool {
    if address.isUnspecified || address.isMulticast || address.isReserved { return false }
    if address.isMetadataService || network.isBroadcast(address) { return false }
    if trust.deny.contains(where: { $0.contains(address) }) { return false }
    if address.isLoopback { return isOwn }
    if !trust.allow.isEmpty { return trust.allow.contains { $0.contains(address) } }
    return trust.allowPublic || address.isPrivate || address.isLinkLocal
      || network.isOnLink(address)
  }

  /// The order in which addresses are tried: others' before loopback, on-link before routed, global
  /// before link-local, the preferred family first, then by number so that it is stable.
  package func isTriedBefore(_ left: Address, _ right: Address) -> Bool {
    func rank(_ address: Address) -> Int {
      (address.isLoopback ? 8 : 0) + (network.isOnLink(address) ? 0 : 4)
        + (address.isLinkLocal ? 2 : 0) + (address.family == prefer ? 0 : 1)
    }
    let (leftRank, rightRank) = (rank(left), rank(right))
    return leftRank != rightRank ? leftRank < rightRank : left < right
  }

  /// `sighting` without the addresses that it may not name, or why nothing of it may be used.
  ///
  /// What an administrator wrote is taken as it is.
  func vetted(
    _ sighting: Sighting, from source: SourceKind
  ) -> Result<Sighting, RegistryNotice.SkipReason.Refusal> {
    guard !source.isAdministered else { return .success(sighting) }
    guard sighting.port != 0 else { return .failure(.init(.portZero)) }
    if source == .mdns, sighting.hostname.map(HostName.isBelowLocal) == false {
      return .failure(.init(.targetOutsideLocal))
    }
    let isOwn = sighting.isOwnAnnouncement
    // Nearly always there is nothing to take away.
    if !sighting.addresses.isEmpty,
      sighting.addresses.allSatisfy({
        admits($0, inOwnAnnouncement: isOwn) && (isOwn || !network.isOwn($0))
      })
    {
      return .success(sighting)
    }
    var admitted = sighting.addresses.filter { admits($0, inOwnAnnouncement: isOwn) }
    // Other machines name addresses that mean this one here (a container bridge's is the same on
    // each): beside an address of their own they lead nowhere.
    if !isOwn, !admitted.allSatisfy(network.isOwn) {
      admitted.removeAll(where: network.isOwn)
    }
    guard !admitted.isEmpty else {
      return .failure(.init(sighting.addresses.isEmpty ? .noUsableAddress : .addressRefused))
    }
    guard admitted.count != sighting.addresses.count else { return .success(sighting) }
    var vetted = sighting
    vetted.addresses = admitted
    return .success(vetted)
  }
}

extension RegistryNotice.SkipReason {
  /// The reason as an error, for `Result`.
  struct Refusal: Error {
    let reason: RegistryNotice.SkipReason

    init(_ reason: RegistryNotice.SkipReason) {
      self.reason = reason
    }
  }
}
