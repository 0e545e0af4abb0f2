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
      guard let name = entry.ifa_name else { continue }
      let label = String(cString: name)
      // Each link is listed once as itself, then once with each of its addresses. As itself it has
      // an address of another family, or none when it is a tunnel without a link layer.
      guard let socketAddress = entry.ifa_addr,
        let bytes = addressBytes(socketAddress, family: socketAddress.pointee.sa_family),
        let address = Address(networkBytes: bytes)
      else {
        // Zero: it went in the meantime.
        let index = if_nametoindex(name)
        if index != 0 { table.add(link: label, index: index, flags: entry.ifa_flags) }
        continue
      }
      // The mask is read by the address's family: its own field is not always filled in.
      let mask = entry.ifa_netmask.flatMap {
        addressBytes($0, family: socketAddress.pointee.sa_family)
      }
      table.add(address: address, netmask: mask, label: label)
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
