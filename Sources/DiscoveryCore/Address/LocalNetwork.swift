/// This machine's own place in the network: what address choice needs to know.
package struct LocalNetwork: Hashable, Sendable {
  /// An interface that is up.
  package struct Interface: Hashable, Sendable {
    package let name: String
    package let index: UInt32
    package let isLoopback: Bool
    package let isMulticast: Bool
    /// A tunnel or a modem link, with one peer at its other end.
    package let isPointToPoint: Bool
    /// Its addresses, each with the prefix that is reached without a router.
    package let addresses: [AddressBlock]

    package init(
      name: String, index: UInt32, isLoopback: Bool = false, isMulticast: Bool = true,
      isPointToPoint: Bool = false, addresses: [AddressBlock]
    ) {
      self.name = name
      self.index = index
      self.isLoopback = isLoopback
      self.isMulticast = isMulticast
      self.isPointToPoint = isPointToPoint
      self.addresses = addresses
    }
  }

  /// Sorted by index.
  package let interfaces: [Interface]
  /// All their addresses in one list, which is searched for each sighting.
  private let own: [Own]

  private struct Own: Hashable {
    let interface: String
    let block: AddressBlock
  }

  package init(interfaces: [Interface] = []) {
    self.interfaces = interfaces.sorted { $0.index < $1.index }
    own = self.interfaces.flatMap { interface in
      interface.addresses.map { Own(interface: interface.name, block: $0) }
    }
  }

  /// True when `address` is one of this machine's own.
  package func isOwn(_ address: Address) -> Bool {
    if address.isLoopback { return true }
    for index in own.indices where own[index].block.address.isSameNumber(as: address) {
      if address.zone == nil || address.zone == own[index].interface { return true }
    }
    return false
  }

  /// Where other machines reach this one in the networks that multicast DNS covers: IPv4 first, then
  /// what is routed before what is link-local, which has its zone; at most 16.
  package var reachableAddresses: [Address] {
    let all =
      interfaces
      .filter { !$0.isLoopback && $0.isMulticast && !$0.isPointToPoint }
      .flatMap { interface in
        interface.addresses.map {
          $0.address.isLinkLocal ? $0.address.zoned(interface.name) : $0.address
        }
      }
    func rank(_ address: Address) -> Int {
      (address.family == .ipv4 ? 0 : 2) + (address.isLinkLocal ? 1 : 0)
    }
    return Array(
      all.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
        .map(\.element).prefix(16))
  }

  /// True when `address` is reached without a router.
  package func isOnLink(_ address: Address) -> Bool {
    if address.isLinkLocal { return true }
    for index in own.indices where own[index].block.contains(address) { return true }
    return false
  }

  /// True for the all-ones address of an on-link IPv4 network (RFC 919); a /31 or /32 has none.
  func isBroadcast(_ address: Address) -> Bool {
    guard address.family == .ipv4 else { return false }
    for index in own.indices where own[index].block.address.family == .ipv4 {
      let prefixLength = own[index].block.prefixLength
      guard prefixLength < 31 else { continue }
      let hostBits = UInt64(0xFFFF_FFFF) >> UInt64(prefixLength)
      if address.low & hostBits == hostBits, own[index].block.contains(address) { return true }
    }
    return false
  }
}
