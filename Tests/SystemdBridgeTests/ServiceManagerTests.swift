import Glibc
import SystemdBridge
import Testing

/// Serialized: the manager's socket is named by the environment, which a process has one of.
@Suite("What the service manager is told", .serialized)
struct ServiceManagerTests {
  /// Plays the manager: a socket, named by NOTIFY_SOCKET for as long as it is needed.
  private final class Manager {
    private let descriptor: Int32
    private let path: String

    init() throws {
      var template = Array("/tmp/notify-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
      let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      descriptor = socket(AF_UNIX, kind, 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let name = path + "/socket"
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
      let bound = withUnsafeBytes(of: address) { bytes in
        bytes.withMemoryRebound(to: sockaddr.self) {
          bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
        }
      }
      try #require(bound == 0)
      setenv("NOTIFY_SOCKET", name, 1)
    }

    deinit {
      unsetenv("NOTIFY_SOCKET")
      close(descriptor)
      unlink(path + "/socket")
      rmdir(path)
    }

    /// The next message; nil when none waits.
    func next() -> String? {
      var buffer = [UInt8](repeating: 0, count: 8192)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    func hangUp() { unlink(path + "/socket") }
  }

  @Test("readiness, status, stopping and signs of life are one message each")
  func messages() throws {
    let manager = try Manager()
    try ServiceManager.ready(status: "3 backends")
    #expect(manager.next() == "READY=1\nSTATUS=3 backends")
    try ServiceManager.status("größe 😀")
    #expect(manager.next() == "STATUS=größe 😀")
    try ServiceManager.stopping()
    #expect(manager.next() == "STOPPING=1")
    try ServiceManager.keepAlive()
    #expect(manager.next() == "WATCHDOG=1")
    #expect(manager.next() == nil)
  }

  @Test("a reload carries the time on the monotonic clock")
  func reloading() throws {
    let manager = try Manager()
    func now() -> Int64 {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
    let before = now()
    try ServiceManager.reloading()
    let after = now()
    let lines = try #require(manager.next()).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first == "RELOADING=1")
    let time = lines.last?.split(separator: "=")
    #expect(time?.first == "MONOTONIC_USEC")
    let microseconds = try #require(time?.last.flatMap { Int64($0) })
    #expect((before...after).contains(microseconds))
  }

  @Test(
    "a status is one line, whatever is in it",
    arguments: [
      ("a\nMAINPID=1", "a MAINPID=1"), ("a\r\nb", "a  b"), ("a\0b\u{7F}\u{85}c", "a b  c"),
      (String(repeating: "😀", count: 2000), String(repeating: "😀", count: 900)),
    ])
  func oneLine(status: String, expected: String) throws {
    let manager = try Manager()
    try ServiceManager.status(status)
    #expect(manager.next() == "STATUS=\(expected)")
    try ServiceManager.ready(status: status)
    #expect(manager.next() == "READY=1\nSTATUS=\(expected)")
  }

  @Test("without a manager nothing is said, and nothing fails")
  func none() throws {
    unsetenv("NOTIFY_SOCKET")
    try ServiceManager.ready(status: "ready")
    try ServiceManager.status("still ready")
    try ServiceManager.reloading()
    try ServiceManager.keepAlive()
    try ServiceManager.stopping()
  }

  @Test("a manager that is gone is an error with its reason")
  func gone() throws {
    let manager = try Manager()
    manager.hangUp()
    #expect(throws: SystemdFailure(operation: "sd_notify", code: ENOENT)) {
      try ServiceManager.keepAlive()
    }
    #expect(
      SystemdFailure(operation: "sd_notify", code: ENOENT).description
        == "sd_notify: No such file or directory")
  }

  @Test("the watchdog's interval is the manager's, and only for this very process")
  func watchdog() {
    defer {
      unsetenv("WATCHDOG_USEC")
      unsetenv("WATCHDOG_PID")
    }
    unsetenv("WATCHDOG_USEC")
    #expect(ServiceManager.watchdogInterval == nil)
    setenv("WATCHDOG_USEC", "30000000", 1)
    #expect(ServiceManager.watchdogInterval == .seconds(30))
    setenv("WATCHDOG_PID", "\(getpid())", 1)
    #expect(ServiceManager.watchdogInterval == .seconds(30))
    setenv("WATCHDOG_PID", "1", 1)
    #expect(ServiceManager.watchdogInterval == nil)
    setenv("WATCHDOG_PID", "\(getpid())", 1)
    setenv("WATCHDOG_USEC", "soon", 1)
    #expect(ServiceManager.watchdogInterval == nil)
  }
}
