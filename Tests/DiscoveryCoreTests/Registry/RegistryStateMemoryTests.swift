import DiscoveryCore
import DiscoveryTestKit
import Testing

struct RegistryStateMemoryTests {
  /// What a new run begins with, an hour after the one of `bench` ended.
  private func restarted(
    _ bench: Bench, settings: RegistryState.Settings = .init(),
    network: LocalNetwork = .oneInterface
  ) -> Bench {
    var next = Bench(settings: settings, network: network)
    next.now = bench.now.advanced(by: .seconds(3600))
    next.now.uptime = Uptime(nanoseconds: 5)
    next.state.restore(bench.state.remembered(), at: next.now)
    return next
  }

  @Test("what the network said is there at once, stale, unknown, under its id, until grace is over")
  func restore() throws {
    var bench = Bench()
    bench.find(.mdns("box", at: ["10.0.0.5"], txt: ["version": "1"], interface: "eth0"))
    bench.find(.mdns("box", at: ["fe80::5%eth0"], txt: ["version": "1"], family: .ipv6))
    let before = try #require(bench.backends.first)

    var next = restarted(bench)
    let after = try #require(next.backends.first)
    #expect(next.backends.count == 1)
    #expect(next.state.revision == 0)
    #expect(after.id == before.id)
    #expect(after.firstSeen == before.firstSeen)
    #expect(after.lastSeen == before.lastSeen)
    #expect(after.isStale && after.status == .unknown)
    #expect(after.expiresAt == next.now.wall.advanced(by: .seconds(60)))
    #expect(after.addresses == before.addresses)
    #expect(after.url == before.url && after.txt == before.txt && after.version == "1")
    #expect(after.instance == before.instance)
    #expect(next.wait(.milliseconds(59_999)) == [])
    #expect(next.wait(.milliseconds(1)) == ["removed box"])
    #expect(next.backends.isEmpty)
    #expect(next.state.remembered().isEmpty)
  }

  @Test("seen again it is the same backend, present; the full set says nothing of the others")
  func seenAgain() throws {
    var bench = Bench()
    bench.find(.mdns("one", at: ["10.0.0.5"], host: "one.local"))
    bench.find(.mdns("two", at: ["10.0.0.6"], host: "two.local"))
    let ids = bench.backends.map(\.id)
    var next = restarted(bench)
    #expect(next.apply(.sourceConnected) == [])
    #expect(next.find(.mdns("one", at: ["10.0.0.5"], host: "one.local")) == ["reappeared one"])
    #expect(next.apply(.fullSetDelivered) == [])
    #expect(next.backends.map(\.id) == ids)
    #expect(next.backends.map(\.isStale) == [false, true])
    #expect(next.backends.map { $0.expiresAt == nil } == [true, false])
    #expect(next.wait(.seconds(60)) == ["removed two"])
  }

  @Test("a source that fails before it has worked keeps nothing that nobody has seen in this run")
  func failingSource() {
    var bench = Bench()
    bench.find(.mdns("box"))
    var next = restarted(bench)
    #expect(next.apply(.sourceFailed(reason: "no avahi")) == [])
    #expect(next.wait(.seconds(60)) == ["removed box"])
  }

  @Test("what was added is there again, present and not stale, and its source finds nothing new")
  func added() throws {
    var bench = Bench()
    let sighting = Sighting.configured("box", "http://10.0.0.5:1/v1", type: .vllm, priority: 3)
    bench.find(sighting, from: .runtime)
    let before = try #require(bench.backends.first)
    var next = restarted(bench)
    var after = try #require(next.backends.first)
    #expect(after.lastSeen == next.now.wall)
    after.lastSeen = before.lastSeen
    #expect(after == before)
    #expect(after.source == .runtime && !after.isStale && after.expiresAt == nil)
    #expect(next.apply(.sourceConnected, from: .runtime) == [])
    #expect(next.find(sighting, from: .runtime) == [])
    #expect(next.apply(.fullSetDelivered, from: .runtime) == [])
    #expect(next.state.remembered().first?.added.map(\.name) == ["box"])
    #expect(next.wait(.seconds(3600)) == [])
  }

  @Test(
    "a backend that the network found first keeps that id, whoever names it first after a restart")
  func bornElsewhere() throws {
    var bench = Bench()
    bench.find(.mdns("box", port: 1, at: ["10.0.0.5"]))
    let configured = Sighting.configured("mine", "http://10.0.0.5:1")
    bench.find(configured, from: .static)
    let before = try #require(bench.backends.first)
    #expect(before.source == .static && bench.backends.count == 1)

    var byFile = restarted(bench)
    #expect(byFile.backends.isEmpty)
    byFile.find(configured, from: .static)
    #expect(byFile.backends.map(\.id) == [before.id])
    #expect(byFile.backends.first?.firstSeen == before.firstSeen)
    byFile.find(.mdns("box", port: 1, at: ["10.0.0.5"]))
    #expect(byFile.backends.map(\.id) == [before.id])

    var byNetwork = restarted(bench)
    byNetwork.find(.mdns("box", port: 1, at: ["10.0.0.5"]))
    #expect(byNetwork.backends.map(\.id) == [before.id])
  }

  @Test("a static backend takes the place of what is only remembered of its server")
  func staticLeads() throws {
    var bench = Bench()
    bench.find(.mdns("box", port: 1, at: ["10.0.0.5"]))
    let before = try #require(bench.backends.first)
    var next = restarted(bench)
    let changes = next.find(.configured("mine", "http://10.0.0.5:1"), from: .static)
    #expect(changes == ["reappeared mine"])
    #expect(next.backends.map(\.id) == [before.id])
    #expect(next.backends.first?.isStale == false)
    #expect(next.wait(.seconds(61)) == [])
  }

  @Test("what the trust rules admit no more is not there again, and the limit holds")
  func trustAndLimit() {
    var bench = Bench()
    bench.find(.mdns("one", at: ["10.0.0.5"], host: "one.local"))
    bench.find(.mdns("two", at: ["10.1.0.6"], host: "two.local"))
    var settings = RegistryState.Settings()
    settings.trust.deny = [.of("10.1.0.0/16")]
    #expect(restarted(bench, settings: settings).backends.map(\.name) == ["one"])
    settings = .init()
    settings.maxBackends = 1
    #expect(restarted(bench, settings: settings).backends.map(\.name) == ["one"])
  }

  @Test("two that share an address are not both put back, and no id is given twice")
  func contradictions() {
    var one = Bench()
    one.find(.mdns("one", at: ["10.0.0.5"], host: "one.local"))
    var two = Bench()
    two.find(.mdns("two", at: ["10.0.0.5"], host: "two.local"))
    var three = Bench()
    three.find(.mdns("three", at: ["10.0.0.7"], host: "three.local"))
    var remembered =
      one.state.remembered() + two.state.remembered() + three.state.remembered()
    remembered[2].id = remembered[0].id
    var next = Bench()
    next.state.restore(remembered + remembered, at: next.now)
    #expect(next.backends.map(\.name) == ["one", "three"])
    #expect(Set(next.backends.map(\.id)).count == 2)
    #expect(next.wait(.seconds(60)) == ["removed one", "removed three"])
  }

  @Test("a server that has said goodbye is remembered; one whose grace period is over is not")
  func departed() {
    var bench = Bench()
    let sighting = Sighting.mdns("box")
    bench.find(sighting)
    bench.lose(sighting)
    #expect(bench.state.remembered().map(\.sightings) == [[sighting]])
    _ = bench.wait(.seconds(60))
    #expect(bench.state.remembered().isEmpty)
  }

  @Test("what was added is counted as its source's, over a restart too")
  func counts() {
    var bench = Bench()
    let sighting = Sighting.configured("own", "http://10.0.0.5:1")
    bench.find(sighting, from: .runtime)
    var next = restarted(bench)
    next.state.declare(.runtime, enabled: true, at: next.now)
    func count() -> Int? {
      next.state.sourceStatuses().first { $0.source == .runtime }?.sightings
    }
    #expect(count() == 1)
    next.find(sighting, from: .runtime)
    #expect(count() == 1)
    _ = next.apply(.serviceRemoved(sighting.id), from: .runtime)
    #expect(count() == 0)
  }

  @Test("checks and repetitions change nothing that is worth being written down again")
  func unchanged() throws {
    var bench = Bench()
    bench.find(.mdns("box"))
    let before = try #require(bench.state.remembered().first)
    bench.now = bench.now.advanced(by: .seconds(30))
    bench.find(.mdns("box"))
    let after = try #require(bench.state.remembered().first)
    #expect(after != before)
    #expect(after.lasting == before.lasting)
  }

  @Test("nexus.toml speaks of a URL by any name or address of its server")
  func statics() throws {
    var bench = Bench()
    bench.find(
      .configured("file", "http://gpu.example:1/v1", resolvedTo: ["10.0.0.5"]), from: .static)
    bench.find(.configured("own", "http://localhost:2"), from: .static)
    func name(_ url: String) throws -> String? {
      bench.state.statics(at: try BackendURL(parsing: url)).nameAtServer
    }
    #expect(try name("http://gpu.example:1") == "file")
    #expect(try name("http://10.0.0.5:1/other") == "file")
    #expect(try name("https://10.0.0.5:1") == nil)
    #expect(try name("http://10.0.0.5:2") == nil)
    #expect(try name("http://127.0.0.1:2") == "own")
    #expect(try name("http://10.0.0.1:2") == "own")
    #expect(
      bench.state.statics(at: try BackendURL(parsing: "http://a")).names == ["file", "own"])
  }
}
