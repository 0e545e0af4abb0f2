import CNetlink
import DiscoveryCore
import Glibc

extension LocalNetwork {
  /// This machine's interfaces that are up, with their addresses, as they are now (getifaddrs(3)).
  package static func current() throws(NetworkFailure) -> LocalNetwork {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { throw NetworkFailure(operation: "getifaddrs") }
    defer { freeifaddrs(first) }
    var table = InterfaceTable()
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      // Some tunnels are listed once more without an address.
      guard let name = entry.ifa_name, let socketAddress = entry.ifa_addr else { continue }
      let label = String(cString: name)
      if Int32(socketAddress.pointee.sa_family) == AF_PACKET {
        let link = UnsafeRawPointer(socketAddress).loadUnaligned(as: sockaddr_ll.self)
        table.add(link: label, index: UInt32(bitPattern: link.sll_ifindex), flags: entry.ifa_flags)
      } else if let bytes = addressBytes(socketAddress, family: socketAddress.pointee.sa_family),
        let address = Address(networkBytes: bytes)
      {
        // The mask is read by the address's family: its own field is not always filled in.
        let mask = entry.ifa_netmask.flatMap {
          addressBytes($0, family: socketAddress.pointee.sa_family)
        }
        table.add(address: address, netmask: mask, label: label)
      }
    }
    return table.network
  }

  /// The 4 or 16 bytes of a socket address of `family`, in network order; nil for other families.
  private static func addressBytes(
    _ pointer: UnsafePointer<sockaddr>, family: sa_family_t
  ) -> [UInt8]? {
    let raw = UnsafeRawPointer(pointer)
    switch Int32(family) {
    case AF_INET:
      return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr, Array.init)
    case AF_INET6:
      return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr, Array.init)
    default:
      return nil
    }
  }
}
