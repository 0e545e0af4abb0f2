import CNetlink
import DiscoveryCore
import Glibc

/// Gathers what the system lists of links and addresses, in any order, into a `LocalNetwork`.
package struct InterfaceTable {
  private struct Link {
    let index: UInt32
    let flags: UInt32
  }

  private var links: [String: Link] = [:]
  private var addresses: [String: Set<AddressBlock>] = [:]

  package init() {}

  /// A link and its flags (IFF_*, netdevice(7)); one that is not up is left out.
  package mutating func add(link name: String, index: UInt32, flags: UInt32) {
    guard flags & UInt32(IFF_UP) != 0 else { return }
    links[name] = Link(index: index, flags: flags)
  }

  /// An address of the link that `label` names, maybe with an alias after a colon (`eth0:1`).
  ///
  /// `netmask` is in network order; only its leading ones count. Without one, or with one that does
  /// not fit the address, nothing but the address itself is taken to be on the link.
  package mutating func add(address: Address, netmask: [UInt8]?, label: String) {
    let name = String(label.prefix { $0 != ":" })
    let bytes = address.networkBytes
    let mask = netmask.flatMap { $0.count == bytes.count ? $0 : nil }
    let prefix = mask.map(Self.leadingOnes) ?? bytes.count * 8
    addresses[name, default: []].insert(AddressBlock(address, prefixLength: prefix))
  }

  /// The interfaces that are up, each with its addresses in a fixed order, so that two readings of
  /// an unchanged network are equal.
  package var network: LocalNetwork {
    LocalNetwork(
      interfaces: links.map { name, link in
        LocalNetwork.Interface(
          name: name, index: link.index, isLoopback: link.flags & UInt32(IFF_LOOPBACK) != 0,
          isMulticast: link.flags & UInt32(IFF_MULTICAST) != 0,
          isPointToPoint: link.flags & UInt32(IFF_POINTOPOINT) != 0,
          addresses: (addresses[name] ?? []).sorted {
            ($0.address, $0.prefixLength) < ($1.address, $1.prefixLength)
          })
      })
  }

  private static func leadingOnes(_ mask: [UInt8]) -> Int {
    let full = mask.prefix { $0 == 0xFF }.count
    return full * 8 + (full < mask.count ? (~mask[full]).leadingZeroBitCount : 0)
  }
}
