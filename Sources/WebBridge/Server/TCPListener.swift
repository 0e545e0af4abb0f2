import DiscoveryCore
import Glibc

/// A listening TCP socket.
struct TCPListener {
  /// Non-blocking, close-on-exec.
  let descriptor: Int32
  private let address: Address
  let port: UInt16
  /// False: the machine has no such address now, and is reached there once it has.
  let isPresent: Bool

  /// As a URL: `http://127.0.0.1:6398`.
  var url: String { "http://\(address.urlHost):\(port)" }

  /// Listens at `host`; port 0 is any that is free.
  static func open(_ host: ListenHost, port: UInt16) throws(WebServerError) -> [TCPListener] {
    switch host {
    case .none: return []
    case .address(let address): return [try TCPListener(address, port: port)]
    case .localhost:
      let first = try TCPListener(Address(ipv4: 0x7F00_0001), port: port)
      do throws(WebServerError) {
        let second = try TCPListener(
          Address(ipv6High: 0, low: 1), port: first.port, mayBeAbsent: false)
        return [first, second]
      } catch .system(_, EADDRNOTAVAIL, _) {
        return [first]
      } catch .system(_, EAFNOSUPPORT, _) {
        return [first]
      } catch {
        close(first.descriptor)
        throw error
      }
    }
  }

  /// With `mayBeAbsent`, an address that the machine does not have is taken all the same: at boot the
  /// daemon may be up before the link is.
  private init(_ address: Address, port: UInt16, mayBeAbsent: Bool = true) throws(WebServerError) {
    let place = "\(address.urlHost):\(port)"
    let target: SocketAddress
    do throws(SocketAddress.ZoneProblem) {
      target = try SocketAddress(address, port: port)
    } catch {
      throw .system(operation: "listen at \(address)", code: ENODEV, text: error.text)
    }
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard descriptor >= 0 else { throw Self.failure("listen at \(place)", errno) }
    // After a restart, connections of the former run may still be closing (tcp(7), TIME_WAIT).
    Self.set(SOL_SOCKET, SO_REUSEADDR, 1, of: descriptor)
    // "::" is every address of the machine, the IPv4 ones too, whatever net.ipv6.bindv6only says.
    if target.family == AF_INET6 { Self.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0, of: descriptor) }
    var isPresent = true
    var code = target.use({ bind(descriptor, $0, $1) }) == 0 ? 0 : errno
    if code == EADDRNOTAVAIL, mayBeAbsent {
      isPresent = false
      Self.set(Int32(IPPROTO_IP), IP_FREEBIND, 1, of: descriptor)
      code = target.use({ bind(descriptor, $0, $1) }) == 0 ? 0 : errno
    }
    if code == 0, Glibc.listen(descriptor, SOMAXCONN) != 0 { code = errno }
    guard code == 0, let bound = SocketAddress.local(of: descriptor) else {
      close(descriptor)
      throw code == EADDRINUSE
        ? .addressInUse(address: place) : Self.failure("listen at \(place)", code)
    }
    self.descriptor = descriptor
    self.address = address
    self.port = bound.port
    self.isPresent = isPresent
  }

  /// Readies an accepted connection: answers leave at once, and one whose other end takes nothing for
  /// a minute, not even a watcher's heartbeats, is given up by the kernel (tcp(7)).
  static func prepare(connection descriptor: Int32) {
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1, of: descriptor)
    set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 60_000, of: descriptor)
  }

  private static func set(_ level: Int32, _ option: Int32, _ value: Int32, of descriptor: Int32) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func failure(_ operation: String, _ code: Int32) -> WebServerError {
    .system(operation: operation, code: code, text: String(cString: strerror(code)))
  }
}
