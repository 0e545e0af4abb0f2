import Dispatch
import DiscoveryCore
import Glibc

/// Looks host names up as every program on this machine does: getaddrinfo(3).
package enum HostResolver {
  /// Each look-up may block its thread for as long as the resolver takes, so they have a queue of
  /// their own and nothing else waits on it.
  private static let queue = DispatchQueue(
    label: "nexus-discovery.resolver", attributes: .concurrent)

  /// All addresses of `hostname`, in the resolver's order; none when there are none or it fails.
  package static func addresses(of hostname: String) async -> [Address] {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: blockingAddresses(of: hostname)) }
    }
  }

  private static func blockingAddresses(of hostname: String) -> [Address] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(hostname, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [Address] = []
    var next = list
    while let info = next?.pointee {
      if let address = address(info), !addresses.contains(address) { addresses.append(address) }
      next = info.ai_next
    }
    return addresses
  }

  private static func address(_ info: addrinfo) -> Address? {
    guard let socketAddress = info.ai_addr else { return nil }
    let raw = UnsafeRawPointer(socketAddress)
    switch info.ai_family {
    case AF_INET:
      let inet = raw.loadUnaligned(as: sockaddr_in.self)
      return withUnsafeBytes(of: inet.sin_addr) { Address(networkBytes: Array($0)) }
    case AF_INET6:
      let inet = raw.loadUnaligned(as: sockaddr_in6.self)
      let zone = inet.sin6_scope_id == 0 ? nil : interfaceName(inet.sin6_scope_id)
      return withUnsafeBytes(of: inet.sin6_addr) { Address(networkBytes: Array($0), zone: zone) }
    default:
      return nil
    }
  }

  private static func interfaceName(_ index: UInt32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard if_indextoname(index, &buffer) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
