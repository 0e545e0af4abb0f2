import DiscoveryCore
import Foundation
import WebBridge

/// A connection that a `LoopbackServer` accepted; closed with its last reference.
final class ServedConnection: Sendable {
  let descriptor: Int32

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    // A process that another test is just starting may have it open for a moment longer.
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  /// What comes until the end of a request's head.
  func readRequest() -> String {
    var text = ""
    var byte: UInt8 = 0
    while !text.hasSuffix("\r\n\r\n"), recv(descriptor, &byte, 1, 0) == 1 {
      text.unicodeScalars.append(UnicodeScalar(byte))
    }
    return text
  }

  /// False once the client is gone.
  @discardableResult
  func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// True when the client ends the connection, or says something, within so many milliseconds.
  func ends(within milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }

  /// Returns when the client ends the connection.
  func waitForEnd() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while recv(descriptor, &bytes, bytes.count, 0) > 0 {}
  }

  /// Ends it without order: the client is told by RST, at once (connect(2) of AF_UNSPEC). Closing it
  /// would do only once no child of another test holds the descriptor any more.
  func reset() {
    var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: sockaddr().sa_data)
    connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
  }
}

/// A server on loopback whose answers the test chooses, with a thread for each connection.
final class LoopbackServer: Sendable {
  let port: UInt16
  let requests = Counter()
  private let listener: Int32
  private let accepts: Bool

  /// `serve` gets each connection; it is closed when that returns.
  init(
    ipv6: Bool = false, backlog: Int32 = 1024,
    _ serve: (@Sendable (ServedConnection) -> Void)? = nil
  ) throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let queue = socket(ipv6 ? AF_INET6 : AF_INET, type, 0)
    var size: socklen_t
    var storage = sockaddr_storage()
    if ipv6 {
      size = socklen_t(MemoryLayout<sockaddr_in6>.size)
      let address = sockaddr_in6(
        sin6_family: sa_family_t(AF_INET6), sin6_port: 0, sin6_flowinfo: 0,
        sin6_addr: in6addr_loopback, sin6_scope_id: 0)
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
    } else {
      size = socklen_t(MemoryLayout<sockaddr_in>.size)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
    }
    let isListening = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(queue, address, size) == 0 && listen(queue, backlog) == 0
          && getsockname(queue, address, &size) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
    // At the same place in both families.
    port = UInt16(
      bigEndian: withUnsafeBytes(of: storage) { $0.load(fromByteOffset: 2, as: UInt16.self) })
    listener = queue
    accepts = serve != nil
    guard let serve else { return }
    let count = requests
    Thread.detachNewThread {
      while true {
        let descriptor = accept(queue, nil, nil)
        guard descriptor >= 0 else { break }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        count.increment()
        let connection = ServedConnection(descriptor)
        Thread.detachNewThread { serve(connection) }
      }
      close(queue)
    }
  }

  /// One that answers each request with `answer` and ends the connection.
  convenience init(answer: String) throws {
    try self.init { connection in
      _ = connection.readRequest()
      connection.send(answer)
    }
  }

  /// One that says nothing, to anyone.
  static func hanging() throws -> LoopbackServer {
    try LoopbackServer { $0.waitForEnd() }
  }

  /// Starts to connect to it, over IPv4, and does not wait for that.
  func knock() -> ServedConnection {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let connection = ServedConnection(socket(AF_INET, type, 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(connection.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return connection
  }

  deinit {
    // Wakes the thread that accepts, which closes it: closed here, its number could be another
    // listener's before that thread has seen the end, and it would accept in the other's place.
    shutdown(listener, Int32(SHUT_RDWR))
    if !accepts { close(listener) }
  }

  /// A request to it.
  func request(
    _ question: ProbeRequest.Question = .get(path: "/"), scheme: URLScheme = .http,
    address: Address = .loopback, name: String = "127.0.0.1", access: ProbeAccess = ProbeAccess(),
    timeout: Duration = .seconds(10), connecting: Duration = .seconds(10)
  ) -> ProbeRequest {
    .to(
      port, question, scheme: scheme, address: address, name: name, access: access,
      timeout: timeout, connecting: connecting)
  }
}

extension Address {
  static let loopback = Address(ipv4: 0x7F00_0001)
  static let loopback6 = Address(ipv6High: 0, low: 1)
}

extension ProbeRequest {
  /// A request to a port of this machine.
  static func to(
    _ port: UInt16, _ question: Question = .get(path: "/"), scheme: URLScheme = .http,
    address: Address = .loopback, name: String = "127.0.0.1", access: ProbeAccess = ProbeAccess(),
    timeout: Duration = .seconds(10), connecting: Duration = .seconds(10)
  ) -> ProbeRequest {
    ProbeRequest(
      question: question, scheme: scheme, address: address, port: port, serverName: name,
      access: access, limits: Limits(connecting: connecting, total: timeout))
  }
}

extension Result where Success == ProbeResponse, Failure == ProbeError {
  /// The status and the body, or the sentence that people read.
  var summary: String {
    switch self {
    case .success(let response):
      "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
    case .failure(let error): error.description
    }
  }

  var response: ProbeResponse? { try? get() }
}
