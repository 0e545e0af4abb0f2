import APIModel
import DiscoveryCore
import Foundation
import WebBridge

/// The machine's own clocks.
struct MachineClock: DiscoveryClock {
  func now() -> Moment {
    var monotonic = timespec()
    var wall = timespec()
    clock_gettime(CLOCK_MONOTONIC, &monotonic)
    clock_gettime(CLOCK_REALTIME, &wall)
    return Moment(
      uptime: Uptime(
        nanoseconds: Int64(monotonic.tv_sec) * 1_000_000_000 + Int64(monotonic.tv_nsec)),
      wall: WallTime(milliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000))
  }

  func sleep(until deadline: Uptime?) async throws {
    fatalError("the server never sleeps by this clock")
  }
}

/// A fixed moment for what takes time as a value.
let noon = Moment(
  uptime: Uptime(nanoseconds: 1_000_000_000_000),
  wall: WallTime(milliseconds: 1_769_853_600_123))

func backend(
  _ name: String, priority: Int = 50, type: BackendType = .ollama,
  status: BackendStatus = .unknown, sources: [SourceKind] = [.mdns], models: [String] = [],
  version: String? = nil, txt: TXTRecord = TXTRecord(), shownAs shown: String? = nil
) -> Backend {
  Backend(
    id: BackendID(of: name, in: .dns), name: shown ?? name, scheme: .http, host: "10.0.0.5",
    port: 11434, apiPath: "", type: type, status: status, source: sources[0], sources: sources,
    priority: priority, addresses: [Address(ipv4: 0x0A00_0005)],
    hostname: "gpu.local", version: version, models: models, txt: txt, interfaces: ["eth0"],
    isLocal: false, isStale: false, firstSeen: noon.wall, lastSeen: noon.wall)
}

func snapshot(_ revision: UInt64, _ backends: [Backend]) -> RegistryUpdate {
  RegistryUpdate(
    content: .snapshot(
      RegistrySnapshot(
        revision: revision, backends: backends.sorted(by: Backend.isListedBefore))), sources: [])
}

func changes(_ changes: [RegistryChange]) -> RegistryUpdate {
  RegistryUpdate(content: .changes(changes), sources: [])
}

func newModel(ring: EventRing.Limits = EventRing.Limits(), lists: Int = 64 << 20) -> ReadModel {
  ReadModel(
    identity: .init(version: "1.2.3", pid: 7, started: noon), ring: ring, lists: lists)
}

/// A server on a socket in a directory of its own, both gone at the end.
final class TestServer: Sendable {
  let directory: String
  let path: String
  let server: WebServer
  let refreshes = Counter()

  convenience init(_ configure: (inout WebServer.Limits) -> Void = { _ in }) throws {
    try self.init(setup: { configure(&$0.limits) })
  }

  init(setup configure: (inout WebServer.Setup) -> Void) throws {
    directory = NSTemporaryDirectory() + "web-\(UUID().uuidString.prefix(8))"
    path = directory + "/api.sock"
    let clock = MachineClock()
    var setup = WebServer.Setup(
      socketPath: path, identity: .init(version: "1.2.3", pid: getpid(), started: clock.now()),
      clock: clock)
    let refreshes = refreshes
    setup.onRefresh = { refreshes.increment() }
    configure(&setup)
    server = try WebServer(setup)
  }

  /// Of the TCP listener.
  var port: UInt16 {
    server.urls.first.flatMap { $0.split(separator: ":").last }.flatMap { UInt16($0) } ?? 0
  }

  var client: APIClient { APIClient(socket: path) }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(atPath: directory)
  }
}

/// A number that threads share.
final class Counter: @unchecked Sendable {
  // Guarded by the lock.
  private var count = 0
  private let lock = NSLock()

  func increment() {
    lock.withLock { count += 1 }
  }

  var value: Int { lock.withLock { count } }
}

private func connect<Address>(_ descriptor: Int32, _ address: UnsafePointer<Address>) -> Int32 {
  address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
    connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
  }
}

/// A connection whose bytes the test chooses.
final class RawConnection {
  private static let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

  let descriptor: Int32

  /// Over TCP, to 127.0.0.1 or ::1.
  init(port: UInt16, isIPv6: Bool = false) throws {
    descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Self.type, 0)
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_port = port.bigEndian
    four.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = port.bigEndian
    six.sin6_addr = in6addr_loopback
    let result =
      isIPv6
      ? withUnsafePointer(to: &six) { connect(descriptor, $0) }
      : withUnsafePointer(to: &four) { connect(descriptor, $0) }
    guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
  }

  init(_ path: String, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_UNIX, Self.type, 0)
    if var size = receiveBuffer {
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    let address = UnixAddress(path: path)
    guard let address, address.use({ connect(descriptor, $0, $1) }) == 0 else {
      throw POSIXError(.ECONNREFUSED)
    }
  }

  deinit {
    // A process that another test is just starting may have it open for a moment longer.
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// What comes until `isEnough` or the end of the connection, waiting a minute at most.
  func receive(until isEnough: (String) -> Bool) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, 60_000) > 0 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      bytes += buffer[..<count]
      if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// All that comes until the connection's end.
  func receiveAll() -> String {
    receive { _ in false }
  }

  /// True when the server ends the connection within a minute without saying more.
  var isClosed: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var byte: UInt8 = 0
    return poll(&entry, 1, 60_000) > 0 && recv(descriptor, &byte, 1, 0) <= 0
  }
}

extension APIClient {
  func get(_ path: String) throws -> APIResponse {
    try send("GET", path)
  }
}

extension APIResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  func decode<Document: JSONReadable>(_ type: Document.Type) throws -> Document {
    try JSONText.decode(type, from: body)
  }
}
