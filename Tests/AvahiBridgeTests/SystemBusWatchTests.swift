import Dispatch
import Foundation
import Testing

@testable import AvahiBridge

@Suite struct SystemBusWatchTests {
  @Test(
    "the bus's path is read from its address",
    arguments: [
      (nil, "/run/dbus/system_bus_socket"),
      ("", "/run/dbus/system_bus_socket"),
      ("unix:path=/tmp/bus", "/tmp/bus"),
      ("tcp:host=a;unix:guid=1,path=/tmp/a%20b,x=y", "/tmp/a b"),
      ("unix:abstract=/tmp/bus", nil),
      ("unix:path=/tmp/%zz", nil),
      ("unix:path=relative", nil),
    ] as [(String?, String?)])
  func addresses(_ address: String?, _ path: String?) {
    #expect(SystemBusAddress.socketPath(for: address) == path)
  }

  @Test(
    "a bus answers while somebody listens at its socket, be it busy or not, and at no other time")
  func answers() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bus-\(UUID())").path()
    #expect(!SystemBusAddress.isAnswering(path))
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { unlink(path) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafeBytes(of: address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) {
        bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    try #require(bound == 0)
    #expect(!SystemBusAddress.isAnswering(path))
    try #require(listen(descriptor, 0) == 0)
    for _ in 0..<4 { #expect(SystemBusAddress.isAnswering(path)) }
    // What is closed alone, a process that another test is just starting has open for a moment.
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    #expect(!SystemBusAddress.isAnswering(path))
    #expect(SystemBusAddress.isAnswering(nil))
  }

  @Test("a socket that appears is told, in a directory that is yet to be made too, and again anew")
  func appears() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "bus-\(UUID())").path()
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let path = root + "/run/dbus/socket"
    let queue = DispatchQueue(label: "bus")
    let (stream, appeared) = AsyncStream.makeStream(of: Void.self)
    let watch = queue.sync {
      SystemBusWatch(path: path, queue: queue) { appeared.yield() }.map { Kept(watch: $0) }
    }
    try #require(watch != nil)
    var iterator = stream.makeAsyncIterator()
    try FileManager.default.createDirectory(
      atPath: root + "/run/dbus", withIntermediateDirectories: true)
    for _ in 0..<2 {
      try? FileManager.default.removeItem(atPath: path)
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      await iterator.next()
    }
    queue.sync { watch?.drop() }
  }

  /// Carries the watch to its queue and back; used there only.
  private final class Kept: @unchecked Sendable {
    private var watch: SystemBusWatch?

    init(watch: SystemBusWatch) { self.watch = watch }

    func drop() { watch = nil }
  }
}
