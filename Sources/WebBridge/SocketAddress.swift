import DiscoveryCore
import Glibc

/// A numeric address and a port, as connect(2) and bind(2) take them; nothing is looked up.
struct SocketAddress {
  /// A link-local address has no zone, or one that is no interface (RFC 4007 §6).
  struct ZoneProblem: Error {
    let text: String
  }

  private var storage = sockaddr_storage()
  private let size: socklen_t
  let family: Int32

  init(_ address: Address, port: UInt16) throws(ZoneProblem) {
    switch address.family {
    case .ipv4:
      family = AF_INET
      size = socklen_t(MemoryLayout<sockaddr_in>.size)
      var inner = sockaddr_in()
      inner.sin_family = sa_family_t(AF_INET)
      inner.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &inner.sin_addr) { $0.copyBytes(from: address.networkBytes) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: inner, as: sockaddr_in.self) }
    case .ipv6:
      family = AF_INET6
      size = socklen_t(MemoryLayout<sockaddr_in6>.size)
      var inner = sockaddr_in6()
      inner.sin6_family = sa_family_t(AF_INET6)
      inner.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &inner.sin6_addr) { $0.copyBytes(from: address.networkBytes) }
      if address.isLinkLocal { inner.sin6_scope_id = try Self.scope(of: address) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: inner, as: sockaddr_in6.self) }
    }
  }

  private static func scope(of address: Address) throws(ZoneProblem) -> UInt32 {
    guard let zone = address.zone else {
      throw ZoneProblem(text: "a link-local address without its interface")
    }
    // By name, or by number as getaddrinfo(3) also takes it.
    let index = if_nametoindex(zone)
    guard let scope = index > 0 ? index : UInt32(zone), scope > 0 else {
      throw ZoneProblem(text: "there is no interface \(zone)")
    }
    return scope
  }

  /// The address and port of an Internet socket that getsockname(2) or accept(2) told; nil for any
  /// other. What IPv6 sockets say of IPv4 (`::ffff:10.0.0.5`) is the IPv4 address.
  static func read(_ storage: sockaddr_storage) -> (address: Address, port: UInt16)? {
    withUnsafeBytes(of: storage) { bytes in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let inner = bytes.load(as: sockaddr_in.self)
        return (
          Address(ipv4: UInt32(bigEndian: inner.sin_addr.s_addr)), UInt16(bigEndian: inner.sin_port)
        )
      case AF_INET6:
        var inner = bytes.load(as: sockaddr_in6.self)
        let raw = withUnsafeBytes(of: &inner.sin6_addr) { Array($0) }
        let isMapped = raw.prefix(10).allSatisfy { $0 == 0 } && raw[10] == 0xFF && raw[11] == 0xFF
        let address = Address(
          networkBytes: isMapped ? raw.suffix(4) : raw[...], zone: String(inner.sin6_scope_id))
        return address.map { ($0, UInt16(bigEndian: inner.sin6_port)) }
      default: return nil
      }
    }
  }

  /// Where `descriptor` is bound; nil for no Internet socket.
  static func local(of descriptor: Int32) -> (address: Address, port: UInt16)? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let isTold = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &size) == 0
      }
    }
    return isTold ? read(storage) : nil
  }

  /// Calls `body` with the address as the socket calls take it.
  func use<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
  }
}
