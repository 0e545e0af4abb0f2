import DiscoveryCore
import DiscoveryTestKit
import HealthChecks
import Testing

@testable import nexus_discovery

@Suite("Health checks at work", .timeLimit(.minutes(5)))
struct HealthCheckingTests {
  /// A registry with a few backends, its checks, and their network.
  private struct Bench: Sendable {
    let clock = ManualClock()
    let registry: Registry
    let transport: ScriptedTransport
    let health: HealthChecking

    init(
      _ checks: HealthCheckSettings = HealthCheckSettings(), access: [Endpoint: ProbeAccess] = [:],
      servers: Int = 1
    ) async {
      var settings = RegistryState.Settings()
      settings.checksHealth = checks.enabled
      registry = Registry(
        state: RegistryState(settings: settings, network: .oneInterface), clock: clock)
      transport = ScriptedTransport(clock: clock)
      health = HealthChecking(
        settings: .init(checks: checks, access: access), registry: registry, transport: transport,
        clock: clock, random: SeededGenerator(seed: 1))
      let found = (0..<servers).map {
        DiscoveryEvent.serviceFound(.configured("gpu\($0)", "http://\(address($0)):11434"))
      }
      await registry.ingest([.sourceConnected] + found + [.fullSetDelivered], from: .static)
    }

    func address(_ number: Int = 0) -> Address { .of("10.0.1.\(number)") }

    /// Runs the checks while `body` does, and ends them.
    func run(_ body: () async throws -> Void) async rethrows {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await health.run() }
        try await body()
        group.cancelAll()
      }
    }

    static var off: HealthCheckSettings {
      var settings = HealthCheckSettings()
      settings.enabled = false
      return settings
    }

    /// The backend as soon as it fits.
    @discardableResult
    func backend(
      _ number: Int = 0, where fits: @Sendable (Backend) -> Bool
    ) async throws -> Backend {
      for await _ in registry.watch() {
        let backend = await registry.snapshot().backends.first { $0.name == "gpu\(number)" }
        if let backend, fits(backend) { return backend }
      }
      throw CancellationError()
    }

    /// The backend once it was checked at the present time.
    @discardableResult
    func checked(_ number: Int = 0) async throws -> Backend {
      let now = clock.now().wall
      return try await backend(number) { $0.lastCheck?.at == now }
    }
  }

  @Test("a new backend is asked at once, and healthy with what it says of itself")
  func healthy() async throws {
    let bench = await Bench()
    try await bench.run {
      let backend = try await bench.checked()
      #expect(backend.status == .healthy)
      #expect(backend.type == .ollama)
      #expect(backend.version == "0.5.7")
      #expect(backend.models == ["llama3:8b"])
      #expect(backend.lastCheck?.latency == .milliseconds(3))
    }
  }

  @Test(
    "a server that dies is unhealthy at the third failure, and healthy again after two successes")
  func recovery() async throws {
    let bench = await Bench()
    try await bench.run {
      try await bench.checked()
      bench.transport.set(.refuses, at: bench.address())
      var statuses: [BackendStatus] = []
      for _ in 0..<3 {
        bench.clock.advance(by: .seconds(33))
        statuses.append(try await bench.checked().status)
      }
      #expect(statuses == [.healthy, .healthy, .unhealthy])
      let error = try await bench.checked().lastCheck?.error
      #expect(error == "connection refused")
      bench.transport.set(.ollama, at: bench.address())
      statuses = []
      for _ in 0..<2 {
        bench.clock.advance(by: .seconds(33))
        statuses.append(try await bench.checked().status)
      }
      #expect(statuses == [.unhealthy, .healthy])
    }
  }

  @Test("no more checks run at once than may, and a server that hangs is given up in time")
  func bounded() async throws {
    var settings = HealthCheckSettings()
    settings.maxConcurrent = 3
    let bench = await Bench(settings, servers: 10)
    bench.transport.set(.hangs, at: bench.address(0))
    try await bench.run {
      for number in 1..<10 { try await bench.backend(number) { $0.status == .healthy } }
      #expect(bench.transport.mostAtOnce <= 3)
      bench.clock.advance(by: settings.timeout + .seconds(1))
      let late = try await bench.checked(0)
      #expect(late.lastCheck?.error == "timed out after 5 s")
      await bench.transport.wait { $0.cancelled == 1 }
    }
  }

  @Test("cancelled, it ends all checks at once, and reports nothing of them")
  func shutdown() async throws {
    var settings = HealthCheckSettings()
    settings.maxConcurrent = 200
    let bench = await Bench(settings, servers: 200)
    for number in 0..<200 { bench.transport.set(.hangs, at: bench.address(number)) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await bench.health.run() }
      await bench.transport.wait { $0.running == 200 }
      group.cancelAll()
    }
    await bench.transport.wait { $0 == .init(asked: 200, running: 0, cancelled: 200) }
    let reported = await bench.registry.snapshot().backends.filter { $0.lastCheck != nil }
    #expect(reported.isEmpty)
  }

  @Test(
    "switched off, nothing is asked; on, all is; off again, nothing is known; and on again, all is")
  func switching() async throws {
    let bench = await Bench(Bench.off)
    try await bench.run {
      await bench.clock.waitForSleeper(until: nil)
      bench.clock.advance(by: .seconds(3600))
      let start = bench.clock.now().uptime
      await bench.registry.update(settings: RegistryState.Settings())
      await bench.health.update(settings: .init())
      try await bench.backend { $0.status == .healthy }
      #expect(bench.transport.asked.allSatisfy { $0.at == start })

      bench.transport.set(.hangs, at: bench.address())
      let asked = bench.transport.asked.count
      bench.clock.advance(by: .seconds(33))
      await bench.transport.wait { $0.asked > asked }
      await bench.health.update(settings: .init(checks: Bench.off))
      await bench.transport.wait { $0.running == 0 && $0.cancelled == 1 }
      var settings = RegistryState.Settings()
      settings.checksHealth = false
      await bench.registry.update(settings: settings)
      let backend = try await bench.backend { $0.status == .unknown }
      #expect(backend.lastCheck == nil)

      bench.transport.set(.ollama, at: bench.address())
      await bench.registry.update(settings: RegistryState.Settings())
      await bench.health.update(settings: .init())
      try await bench.backend { $0.status == .healthy }
    }
  }

  @Test("switched off and on in haste, each backend is asked once, and once an interval")
  func haste() async throws {
    let bench = await Bench(servers: 3)
    try await bench.run {
      for round in 0..<50 {
        var settings = RegistryState.Settings()
        settings.checksHealth = false
        bench.clock.advance(by: .milliseconds(1))
        await bench.health.update(settings: .init(checks: Bench.off))
        await bench.registry.update(settings: settings)
        await bench.registry.update(settings: RegistryState.Settings())
        await bench.health.update(settings: .init())
        if round.isMultiple(of: 7) { try await bench.backend { $0.status == .healthy } }
      }
      for number in 0..<3 { try await bench.checked(number) }
      await bench.transport.wait { $0.running == 0 }
      let asked = bench.transport.asked.count
      bench.clock.advance(by: .seconds(33))
      for number in 0..<3 { try await bench.checked(number) }
      await bench.transport.wait { $0.running == 0 }
      #expect(bench.transport.asked.count == asked + 3)
    }
  }

  @Test("a key is sent to the configured server alone, and a new one at once")
  func keys() async throws {
    let endpoint = Endpoint(scheme: .http, host: "10.0.1.0", port: 11434)
    let old = ProbeAccess(key: APIKey("sesame"))
    let bench = await Bench(access: [endpoint: old], servers: 2)
    try await bench.run {
      try await bench.checked(0)
      try await bench.checked(1)
      let asked = bench.transport.asked
      for one in asked {
        let expected = one.request.address == bench.address(0) ? old.key : nil
        #expect(one.request.access.key == expected)
      }
      let new = ProbeAccess(key: APIKey("open"))
      await bench.health.update(settings: .init(access: [endpoint: new]))
      await bench.transport.wait { $0.asked > asked.count }
      let next = bench.transport.asked[asked.count].request
      #expect(next.address == bench.address(0))
      #expect(next.access == new)
    }
  }

  @Test("one that goes is asked at once, and asked anew when it is back: it ends healthy")
  func flap() async throws {
    let bench = await Bench(servers: 0)
    let sighting = Sighting.mdns("gpu0", at: ["10.0.1.0"])
    try await bench.run {
      await bench.registry.ingest([.sourceConnected, .serviceFound(sighting)], from: .mdns)
      try await bench.checked()
      bench.transport.set(.hangs, at: bench.address())
      let asked = bench.transport.asked.count
      await bench.registry.ingest([.serviceRemoved(sighting.id)], from: .mdns)
      await bench.transport.wait { $0.asked > asked && $0.running == 1 }
      #expect(try await bench.backend { $0.expiresAt != nil }.status == .unknown)
      bench.transport.set(.ollama, at: bench.address())
      await bench.registry.ingest([.serviceFound(sighting)], from: .mdns)
      try await bench.backend { $0.expiresAt == nil && $0.status == .healthy }
      await bench.transport.wait { $0.cancelled == 1 && $0.running == 0 }
    }
  }
}
