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

  package init(interfaces: [Interface] = []) {
    self.interfaces = interfaces.sorted { $0.index < $1.index }
  }

  /// True when `address` is one of this machine's own.
  package func isOwn(_ address: Address) -> Bool {
    if address.isLoopback { return true }
    for interface in interfaces where address.zone == nil || address.zone == interface.name {
      for own in interface.addresses where own.address.isSameNumber(as: address) { return true }
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
    for interface in interfaces {
      for own in interface.addresses where own.contains(address) { return true }
    }
    return false
  }
}
