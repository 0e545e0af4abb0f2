import DiscoveryCore
import Glibc

/// A UDP socket for sending a few multicast DNS queries onto one link; it never blocks, and closes
/// when it goes out of scope.
struct MulticastSocket: ~Copyable {
  /// The port of multicast DNS; only queries from it count as real ones (RFC 6762 §5.2, §6.7).
  private static let port = in_port_t(5353).bigEndian

  private let descriptor: Int32
  private let target: QueryTarget

  init(for target: QueryTarget) throws(NetworkFailure) {
    let family = target.family == .ipv4 ? AF_INET : AF_INET6
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let opened = socket(family, kind, 0)
    guard opened >= 0 else { throw NetworkFailure(operation: "socket") }
    descriptor = opened
    self.target = target
  }

  deinit {
    close(descriptor)
  }

  /// Binds it to the port of multicast DNS beside avahi-daemon, and to its link.
  ///
  /// It is bound to the group, not to the wildcard address, so that no unicast answer that is
  /// meant for avahi-daemon can land here in the meantime. The system chooses the source address.
  borrowing func prepare() throws(NetworkFailure) {
    try set(SOL_SOCKET, SO_REUSEADDR, Int32(1), "SO_REUSEADDR")
    try set(SOL_SOCKET, SO_REUSEPORT, Int32(1), "SO_REUSEPORT")
    // Hops of 255 (RFC 6762 §11); a copy for this machine, so that its avahi-daemon answers too.
    switch target.family {
    case .ipv4:
      var link = ip_mreqn()
      link.imr_ifindex = Int32(bitPattern: target.index)
      try set(Int32(IPPROTO_IP), IP_MULTICAST_IF, link, "IP_MULTICAST_IF")
      try set(Int32(IPPROTO_IP), IP_MULTICAST_TTL, Int32(255), "IP_MULTICAST_TTL")
      try set(Int32(IPPROTO_IP), IP_MULTICAST_LOOP, Int32(1), "IP_MULTICAST_LOOP")
    case .ipv6:
      let link = Int32(bitPattern: target.index)
      try set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1), "IPV6_V6ONLY")
      try set(Int32(IPPROTO_IPV6), IPV6_MULTICAST_IF, link, "IPV6_MULTICAST_IF")
      try set(Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, Int32(255), "IPV6_MULTICAST_HOPS")
      try set(Int32(IPPROTO_IPV6), IPV6_MULTICAST_LOOP, Int32(1), "IPV6_MULTICAST_LOOP")
    }
    let result = withGroupAddress { bind(descriptor, $0, $1) }
    guard result == 0 else { throw NetworkFailure(operation: "bind") }
  }

  /// Sends `bytes` to the group, once `prepare` has succeeded.
  borrowing func send(_ bytes: [UInt8]) throws(NetworkFailure) {
    let sent = withGroupAddress { address, length in
      sendto(descriptor, bytes, bytes.count, 0, address, length)
    }
    guard sent == bytes.count else { throw NetworkFailure(operation: "sendto") }
  }

  private borrowing func set<Value: BitwiseCopyable>(
    _ level: Int32, _ option: Int32, _ value: Value, _ name: String
  ) throws(NetworkFailure) {
    let result = withUnsafeBytes(of: value) {
      setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count))
    }
    guard result == 0 else { throw NetworkFailure(operation: "setsockopt(\(name))") }
  }

  /// Calls `body` with the socket address of 224.0.0.251 or of ff02::fb on the link.
  private borrowing func withGroupAddress<Result>(
    _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result
  ) -> Result {
    func call(_ bytes: UnsafeRawBufferPointer) -> Result {
      bytes.withMemoryRebound(to: sockaddr.self) { body($0.baseAddress, socklen_t(bytes.count)) }
    }
    switch target.family {
    case .ipv4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = Self.port
      address.sin_addr.s_addr = UInt32(0xE000_00FB).bigEndian
      return withUnsafeBytes(of: address, call)
    case .ipv6:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = Self.port
      address.sin6_scope_id = target.index
      withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
        (bytes[0], bytes[1], bytes[15]) = (0xFF, 0x02, 0xFB)
      }
      return withUnsafeBytes(of: address, call)
    }
  }
}
