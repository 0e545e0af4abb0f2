import DiscoveryCore
import Glibc

/// A TCP socket that never waits, closed with its last reference.
final class ProbeSocket {
  enum Transfer {
    case count(Int)
    /// Nothing now: later.
    case blocked
    case failed(Int32)
  }

  let descriptor: Int32

  /// Starts to connect.
  init(connectingTo address: Address, port: UInt16) throws(ProbeError) {
    let target: SocketAddress
    do throws(SocketAddress.ZoneProblem) {
      target = try SocketAddress(address, port: port)
    } catch {
      throw .other(error.text)
    }
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard descriptor >= 0 else { throw .system(errno) }
    guard target.use({ connect(descriptor, $0, $1) }) != 0 else { return }
    let code = errno
    guard code == EINPROGRESS || code == EINTR else { throw .system(code) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// What came of connecting, once the socket has an event: errno or 0.
  func connectResult() -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
    // A port of this machine that nobody listens at may, being its own for a moment, connect to
    // itself (RFC 9293 §3.5, simultaneous open).
    return code == 0 && isItsOwnPeer ? ECONNREFUSED : code
  }

  func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    return Self.transfer(count)
  }

  /// 0 bytes are the connection's end.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    Self.transfer(recv(descriptor, buffer.baseAddress, buffer.count, 0))
  }

  private static func transfer(_ count: Int) -> Transfer {
    guard count < 0 else { return .count(count) }
    let code = errno
    return code == EAGAIN || code == EINTR ? .blocked : .failed(code)
  }

  private var isItsOwnPeer: Bool {
    func name(
      _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    )
      -> [UInt8]?
    {
      var storage = sockaddr_storage()
      var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let code = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &size) }
      }
      guard code == 0 else { return nil }
      return withUnsafeBytes(of: storage) { Array($0.prefix(Int(size))) }
    }
    guard let own = name({ getsockname($0, $1, $2) }) else { return false }
    return own == name { getpeername($0, $1, $2) }
  }
}
