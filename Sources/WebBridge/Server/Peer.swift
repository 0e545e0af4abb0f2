import DiscoveryCore
import Glibc

/// Who is at the other end of a connection, as far as it counts for how many places they hold.
package enum Peer: Hashable, Sendable {
  /// A user of this machine, over the Unix socket; nil where the kernel does not tell.
  case user(UInt32?)
  /// An address over TCP. Of IPv6 the network, as one machine has as many addresses in it as it likes;
  /// of link-local addresses, whose network everyone shares, the address.
  case address(Address)

  /// The peer that connected from `address`.
  package init(at address: Address) {
    self =
      address.family == .ipv4 || address.isLinkLocal
      ? .address(address) : .address(Address(ipv6High: address.high, low: 0))
  }

  package var isLocal: Bool {
    if case .user = self { true } else { false }
  }
}

/// A connection that was accepted, and what is to be known of it before it says anything.
struct AcceptedConnection {
  let descriptor: Int32
  let peer: Peer
  let requester: Requester
  /// True where it came over a loopback address of TCP: any web page can make a browser ask there, so
  /// a request must say that it means this machine.
  let checksHost: Bool

  /// Takes what waits at `listener`; nil and errno where nothing does.
  init?(from listener: Int32, rule: ChangeRule) {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(listener, $0, &size) }
    }
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    if let remote = SocketAddress.read(storage) {
      TCPListener.prepare(connection: descriptor)
      peer = Peer(at: remote.address)
      requester = .network
      // Where it cannot be told any more, the stricter.
      checksHost = SocketAddress.local(of: descriptor)?.address.isLoopback ?? true
    } else {
      let credentials = PeerCredentials(of: descriptor)
      peer = .user(credentials?.user)
      requester = .local(mayChange: credentials.map(rule.allows) ?? false)
      checksHost = false
    }
  }
}
