import DiscoveryCore
import DiscoveryTestKit
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct AdministeredSourceTests {
  let clock = ManualClock()

  private func backend(_ name: String, _ url: String) throws -> AdministeredBackend {
    AdministeredBackend(name: name, url: try BackendURL(parsing: url))
  }

  @Test("configured backends are there at once, resolved names a little later")
  func resolves() async throws {
    let registry = Registry(state: RegistryState(), clock: clock)
    let source = AdministeredSource(
      .static,
      backends: [try backend("a", "http://10.0.0.5:1"), try backend("b", "http://b.example:1")],
      clock: clock, resolve: { $0 == "b.example" ? [.of("10.0.0.6")] : [] })
    let running = Task { try await source.run { await registry.ingest($0, from: .static) } }
    var watch = registry.watch(after: 0).makeAsyncIterator()
    var seen: [String] = []
    while !seen.contains("updated b") {
      guard case .changes(let changes)? = await watch.next()?.content else { continue }
      seen += changes.map(Bench.summary)
    }
    #expect(seen == ["added a", "added b", "updated b"])
    running.cancel()
    _ = try? await running.value
  }

  @Test("a new set removes what is no longer configured and adds the rest")
  func reload() async throws {
    let registry = Registry(state: RegistryState(), clock: clock)
    let source = AdministeredSource(
      .static,
      backends: [try backend("a", "http://10.0.0.5:1"), try backend("b", "http://10.0.0.6:1")],
      clock: clock, resolve: { _ in [] })
    let running = Task { try await source.run { await registry.ingest($0, from: .static) } }
    var watch = registry.watch(after: 0).makeAsyncIterator()
    var seen: [String] = []
    func follow(until last: String) async {
      while !seen.contains(last) {
        guard case .changes(let changes)? = await watch.next()?.content else { continue }
        seen += changes.map(Bench.summary)
      }
    }
    await follow(until: "added b")
    seen = []
    await source.update([try backend("b", "http://10.0.0.6:1"), try backend("c", "http://[::1]:2")])
    await follow(until: "added c")
    #expect(seen == ["removed a", "added c"])
    running.cancel()
    _ = try? await running.value
  }

  @Test("who changes the set goes on when the registry has it")
  func updates() async throws {
    let registry = Registry(state: RegistryState(), clock: clock)
    let source = AdministeredSource(.runtime, backends: [], clock: clock, resolve: { _ in [] })
    let running = Task { try await source.run { await registry.ingest($0, from: .runtime) } }
    for count in 1...20 {
      await source.update(
        try (0..<count).map { try backend("b\($0)", "http://10.0.0.5:\(1 + $0)") })
      #expect(await registry.backendCount == count)
    }
    await source.update([])
    #expect(await registry.backendCount == 0)
    running.cancel()
    _ = try? await running.value
  }

  @Test("a name that comes back later is looked up anew")
  func returns() async throws {
    let registry = Registry(state: RegistryState(), clock: clock)
    let attempts = Mutex(0)
    let named = try backend("a", "http://a.example:1")
    let source = AdministeredSource(
      .runtime, backends: [named], clock: clock,
      resolve: { _ in
        attempts.withLock { count in
          count += 1
          return [.of("10.0.0.\(count)")]
        }
      })
    let running = Task { try await source.run { await registry.ingest($0, from: .runtime) } }
    var watch = registry.watch(after: 0).makeAsyncIterator()
    func follow(until address: String) async {
      while true {
        guard case .changes(let changes)? = await watch.next()?.content else { continue }
        if changes.contains(where: { $0.backend.addresses == [.of(address)] }) { return }
      }
    }
    await follow(until: "10.0.0.1")
    await source.update([])
    await source.update([named])
    await follow(until: "10.0.0.2")
    running.cancel()
    _ = try? await running.value
  }

  @Test("a name that is not found is looked up again after 2, 4, 8 seconds, and holds nothing up")
  func retries() async throws {
    let registry = Registry(state: RegistryState(), clock: clock)
    let attempts = Mutex(0)
    let source = AdministeredSource(
      .static,
      backends: [try backend("a", "http://a.example:1")], clock: clock,
      resolve: { _ in
        attempts.withLock { count in
          count += 1
          return count < 4 ? [] : [.of("10.0.0.6")]
        }
      })
    let running = Task { try await source.run { await registry.ingest($0, from: .static) } }
    for pause in [2, 4, 8] {
      await clock.waitForSleeper(until: clock.now().uptime.advanced(by: .seconds(pause)))
      if pause == 4 {
        await source.update([
          try backend("a", "http://a.example:1"), try backend("b", "http://10.0.0.5:1"),
        ])
      }
      clock.advance(by: .seconds(pause))
    }
    var watch = registry.watch(after: 0).makeAsyncIterator()
    var seen: [String] = []
    while !seen.contains("updated a") || !seen.contains("added b") {
      guard case .changes(let changes)? = await watch.next()?.content else { continue }
      seen += changes.map(Bench.summary)
    }
    #expect(attempts.withLock { $0 } == 4)
    running.cancel()
    _ = try? await running.value
  }
}
