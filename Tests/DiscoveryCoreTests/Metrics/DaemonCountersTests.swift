import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct DaemonCountersTests {
  private let clock = ManualClock()
  private let counters = DaemonCounters()

  @Test("the registry counts each event once, whether or not anybody watches")
  func events() async {
    let registry = Registry(
      state: RegistryState(network: .oneInterface), clock: clock, history: 1, counters: counters)
    await registry.ingest([.sourceConnected], from: .mdns)
    for port in 1...3 as ClosedRange<UInt16> {
      await registry.ingest([.serviceFound(.mdns("\(port)", port: port))], from: .mdns)
    }
    await registry.ingest([.serviceFound(.mdns("1", port: 4))], from: .mdns)
    await registry.ingest([.serviceRemoved(Sighting.mdns("1").id)], from: .mdns)
    await registry.ingest([.serviceFound(.mdns("1", port: 4))], from: .mdns)
    await registry.ingest([.sourceFailed(reason: "gone")], from: .mdns)
    #expect(
      counters.totals.events == [
        .sourceUp: 1, .discovered: 3, .disappeared: 1, .reappeared: 1, .sourceDown: 1,
        // Three became stale with their source.
        .updated: 4,
      ])
  }

  @Test("skips are counted by reason while none of them is told")
  func skips() async {
    let registry = Registry(
      state: RegistryState(network: .oneInterface), clock: clock, counters: counters)
    await registry.tellSkips(false)
    for _ in 0..<3 {
      await registry.ingest([.serviceFound(.mdns("a", port: 0))], from: .mdns)
    }
    await registry.ingest([.serviceFound(.mdns("b", at: ["8.8.8.8"]))], from: .mdns)
    await registry.tellSkips(true)
    await registry.ingest([.serviceFound(.mdns("a", port: 0))], from: .mdns)
    #expect(counters.totals.skips == [.portZero: 4, .addressRefused: 1])
    #expect(counters.totals.events == [.skipped: 5])
  }

  @Test("a status counts as what it became; one that became unknown is no event")
  func status() async throws {
    let registry = Registry(
      state: RegistryState(network: .oneInterface), clock: clock, counters: counters)
    await registry.ingest([.serviceFound(.mdns("a"))], from: .mdns)
    for status in [BackendStatus.healthy, .unhealthy, .healthy, .unknown] {
      let backend = try #require(await registry.snapshot().backends.first)
      let now = clock.now()
      await registry.apply(
        CheckResult(
          status: status, report: HealthReport(at: now.wall, latency: nil, error: nil),
          startedAt: now.uptime,
          endpoint: backend.endpoint), to: backend.id)
    }
    #expect(counters.totals.events[.healthy] == 2)
    #expect(counters.totals.events[.unhealthy] == 1)
    #expect(counters.totals.events[.updated] == nil)
  }
}
