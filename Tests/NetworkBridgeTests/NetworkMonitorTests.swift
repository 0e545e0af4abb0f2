import DiscoveryCore
import Glibc
import NetworkBridge
import Synchronization
import Testing

@Suite("Changes of the network")
struct NetworkMonitorTests {
  /// A network that a test changes, and the other end of the socket that tells of it.
  private final class ScriptedNetwork: Sendable {
    let watched: Int32
    private let speaker: Int32
    private let state = Mutex((name: "eth0", readings: 0, failures: 0))

    init() throws {
      var ends: [Int32] = [0, 0]
      let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
      (watched, speaker) = (ends[0], ends[1])
    }

    deinit { close(speaker) }

    var readings: Int { state.withLock { $0.readings } }

    func change(to name: String, failing failures: Int = 0) {
      state.withLock { ($0.name, $0.failures) = (name, failures) }
    }

    func notice() { send(speaker, "n", 1, Int32(MSG_DONTWAIT)) }

    /// True once the monitor has closed its end.
    var isClosed: Bool { send(speaker, "n", 1, Int32(MSG_DONTWAIT)) < 0 && errno == ECONNREFUSED }

    var reader: NetworkMonitor.Reader {
      { () throws(NetworkFailure) in try self.read() }
    }

    private func read() throws(NetworkFailure) -> LocalNetwork {
      let name: String? = state.withLock { state in
        state.readings += 1
        guard state.failures == 0 else {
          state.failures -= 1
          return nil
        }
        return state.name
      }
      guard let name else { throw NetworkFailure(operation: "getifaddrs", code: EMFILE) }
      return LocalNetwork(interfaces: [.init(name: name, index: 2, addresses: [])])
    }
  }

  private func name(_ network: LocalNetwork?) -> String? { network?.interfaces.first?.name }

  @Test("the current network comes at once, then each change")
  func changes() async throws {
    let script = try ScriptedNetwork()
    let stream = try NetworkMonitor.networks(
      noticedOn: script.watched, settling: .zero, reading: script.reader)
    var networks = stream.makeAsyncIterator()
    #expect(name(await networks.next()) == "eth0")
    for change in ["eth1", "eth2", "eth3"] {
      script.change(to: change)
      script.notice()
      #expect(name(await networks.next()) == change)
    }
  }

  @Test("a notice that changed nothing is not heard of")
  func unchanged() async throws {
    let script = try ScriptedNetwork()
    let stream = try NetworkMonitor.networks(
      noticedOn: script.watched, settling: .zero, reading: script.reader)
    var networks = stream.makeAsyncIterator()
    _ = await networks.next()
    script.notice()
    while script.readings < 2 { await Task.yield() }
    script.change(to: "eth1")
    script.notice()
    #expect(name(await networks.next()) == "eth1")
  }

  @Test("a burst of notices is one reading")
  func burst() async throws {
    let script = try ScriptedNetwork()
    let stream = try NetworkMonitor.networks(
      noticedOn: script.watched, settling: .seconds(1), reading: script.reader)
    var networks = stream.makeAsyncIterator()
    _ = await networks.next()
    for number in 1...5 {
      script.change(to: "eth\(number)")
      script.notice()
    }
    #expect(name(await networks.next()) == "eth5")
    #expect(script.readings == 2)
  }

  @Test("a reading that fails is tried again")
  func failing() async throws {
    let script = try ScriptedNetwork()
    let stream = try NetworkMonitor.networks(
      noticedOn: script.watched, settling: .zero, reading: script.reader)
    var networks = stream.makeAsyncIterator()
    _ = await networks.next()
    script.change(to: "eth1", failing: 1)
    script.notice()
    #expect(name(await networks.next()) == "eth1")
    #expect(script.readings == 3)
  }

  @Test("when the first reading fails, that is said and nothing is left open")
  func firstFails() throws {
    let script = try ScriptedNetwork()
    script.change(to: "eth0", failing: 1)
    #expect(throws: NetworkFailure(operation: "getifaddrs", code: EMFILE)) {
      _ = try NetworkMonitor.networks(
        noticedOn: script.watched, settling: .zero, reading: script.reader)
    }
    #expect(script.isClosed)
  }

  @Test("a descriptor that is none is said to be so")
  func badDescriptor() throws {
    let script = try ScriptedNetwork()
    #expect(throws: NetworkFailure(operation: "fcntl(F_DUPFD_CLOEXEC)", code: EBADF)) {
      _ = try NetworkMonitor.networks(
        noticedOn: -1, settling: .zero, reading: script.reader)
    }
  }

  @Test("the socket is closed when nobody reads any more", .timeLimit(.minutes(5)))
  func closes() async throws {
    let script = try ScriptedNetwork()
    let task = Task {
      let stream = try NetworkMonitor.networks(
        noticedOn: script.watched, settling: .zero, reading: script.reader)
      for await _ in stream {}
    }
    while script.readings == 0 { await Task.yield() }
    task.cancel()
    try await task.value
    while !script.isClosed { await Task.yield() }
  }

  @Test("the kernel's own notices can be had without privilege")
  func real() async throws {
    var networks = try NetworkMonitor.networks().makeAsyncIterator()
    #expect(await networks.next() == (try LocalNetwork.current()))
  }
}
