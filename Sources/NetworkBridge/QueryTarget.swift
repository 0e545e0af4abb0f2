import DiscoveryCore

/// One way onto one link: an interface and the family to speak there.
package struct QueryTarget: Hashable, Sendable {
  package let interface: String
  package let index: UInt32
  package let family: Address.Family

  package init(interface: String, index: UInt32, family: Address.Family) {
    self.interface = interface
    self.index = index
    self.family = family
  }

  /// Where questions are put: on each interface of `interfaces`, or on all when it names none,
  /// that takes multicast and is not the loopback, in each family that it has an address of (for
  /// IPv6 a link-local one, the source that RFC 6762 §11 expects).
  ///
  /// A tunnel or modem link is asked only when it is named: avahi-daemon leaves those out unless
  /// told otherwise (`allow-point-to-point`), so nobody would hear the answer.
  package static func targets(
    in network: LocalNetwork, ipv6: Bool, interfaces: [String]
  ) -> [QueryTarget] {
    network.interfaces.flatMap { interface -> [QueryTarget] in
      let isWanted =
        interfaces.isEmpty ? !interface.isPointToPoint : interfaces.contains(interface.name)
      guard isWanted, interface.isMulticast, !interface.isLoopback else { return [] }
      let addresses = interface.addresses.map(\.address)
      var families: [Address.Family] = []
      if addresses.contains(where: { $0.family == .ipv4 }) { families.append(.ipv4) }
      if ipv6, addresses.contains(where: { $0.family == .ipv6 && $0.isLinkLocal }) {
        families.append(.ipv6)
      }
      return families.map {
        QueryTarget(interface: interface.name, index: interface.index, family: $0)
      }
    }
  }
}
