import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct RegistryStateTests {
  @Test("a sighting becomes a backend with the id of its escaped full name")
  func found() throws {
    var bench = Bench()
    #expect(bench.find(.mdns(txt: ["version": "0.5.7"])) == ["added gpu1"])
    let backend = try #require(bench.backends.first)
    #expect(backend.id == BackendID(of: "gpu1._ollama._tcp.local", in: .dns))
    #expect(backend.url == "http://10.0.0.5:11434")
    #expect(backend.type == .ollama)
    #expect(backend.version == "0.5.7")
    #expect(backend.priority == 50)
    #expect(backend.sources == [.mdns])
    #expect(backend.interfaces == ["eth0"])
    #expect(backend.status == .unknown)
    #expect(backend.firstSeen == bench.now.wall)
    #expect(!backend.isLocal && !backend.isStale && backend.expiresAt == nil)
  }

  @Test("the same sighting again changes nothing but when it was last seen")
  func repeated() {
    var bench = Bench()
    bench.find(.mdns())
    _ = bench.wait(.seconds(5))
    #expect(bench.find(.mdns()) == [])
    #expect(bench.state.revision == 1)
    #expect(bench.backends[0].lastSeen == bench.now.wall)
  }

  @Test("a new port, address or TXT updates in place: same id, one change")
  func updated() {
    var bench = Bench()
    bench.find(.mdns())
    let id = bench.backends[0].id
    for sighting in [
      Sighting.mdns(port: 8080), .mdns(port: 8080, at: ["10.0.0.9"]),
      .mdns(port: 8080, at: ["10.0.0.9"], txt: ["version": "1"]),
    ] {
      #expect(bench.find(sighting) == ["updated gpu1"])
    }
    #expect(bench.backends.map(\.id) == [id])
    #expect(bench.backends[0].url == "http://10.0.0.9:8080")
    #expect(bench.state.revision == 4)
  }

  @Test("a change that reaches IPv4 before IPv6 is one change")
  func changeOverTwoProtocols() {
    var bench = Bench()
    bench.find(.mdns())
    bench.find(.mdns(family: .ipv6))
    #expect(bench.find(.mdns(port: 8080)) == ["updated gpu1"])
    #expect(bench.find(.mdns(port: 8080, family: .ipv6)) == [])
    #expect(bench.backends[0].port == 8080)
  }

  // MARK: - Merging

  @Test("IPv4 and IPv6, two interfaces and two service types are one backend, until the last goes")
  func merging() {
    var bench = Bench()
    let sightings: [Sighting] = [
      .mdns(), .mdns(at: ["fe80::5%eth0"], family: .ipv6),
      .mdns(at: ["10.1.0.5"], interface: "eth1"),
      .mdns("gpu1 llm", type: "_llm._tcp"),
    ]
    bench.find(sightings[0])
    for sighting in sightings.dropFirst() {
      #expect(bench.find(sighting).allSatisfy { $0 == "updated gpu1" })
    }
    #expect(bench.backends.count == 1)
    #expect(
      bench.backends[0].addresses.map(\.description) == ["10.0.0.5", "fe80::5%eth0", "10.1.0.5"])
    #expect(bench.backends[0].interfaces == ["eth0", "eth1"])
    let id = bench.backends[0].id
    for sighting in sightings.dropLast() {
      #expect(!bench.lose(sighting).contains { $0.hasPrefix("disappeared") })
    }
    #expect(bench.backends.map(\.id) == [id])
    #expect(bench.lose(sightings[3]) == ["disappeared gpu1 llm"])
  }

  @Test("an announcement with two servers' addresses joins one and fuses neither")
  func noFusing() {
    var bench = Bench()
    bench.find(.mdns("a", at: ["10.0.0.5"], host: "a.local"))
    bench.find(.mdns("b", at: ["10.0.0.6"], host: "b.local"))
    bench.find(.mdns("evil", at: ["10.0.0.5", "10.0.0.6"], host: "evil.local"))
    #expect(bench.backends.map(\.name) == ["a", "b"])
  }

  @Test("a service that moves onto a static backend's address becomes part of it")
  func moveOntoStatic() {
    var bench = Bench()
    bench.find(.configured("mine", "http://10.0.0.5:11434", type: .ollama), from: .static)
    bench.find(.mdns("x", at: ["10.0.0.9"]))
    #expect(
      Set(bench.find(.mdns("x", at: ["10.0.0.5"]))) == ["removed x", "updated mine"])
    #expect(bench.backends.map(\.name) == ["mine"])
    #expect(bench.backends[0].sources == [.static, .mdns])
    #expect(Set(bench.find(.mdns("x", at: ["10.0.0.9"]))) == ["added x", "updated mine"])
  }

  @Test("an id that lives on under other sightings is not given twice")
  func idTaken() {
    var bench = Bench()
    bench.find(.mdns("a"))
    bench.find(.mdns("b"))
    bench.lose(.mdns("a"))
    bench.find(.mdns("a", at: ["10.0.0.77"], host: "moved.local"))
    #expect(Set(bench.backends.map(\.id)).count == 2)
    #expect(bench.backends.map(\.name).sorted() == ["a", "b"])
  }

  // MARK: - Static backends

  @Test(
    "a static backend is the same as what mDNS finds there, however its URL is written",
    arguments: [
      "http://10.0.0.5:11434", "http://10.0.0.5:11434/", "http://10.0.0.5:11434/v1",
      "http://gpu1.local:11434", "http://GPU1.local.:11434/",
    ], [true, false])
  func staticMerges(url: String, staticFirst: Bool) {
    var bench = Bench()
    let configured = Sighting.configured("mine", url, type: .ollama, priority: 7)
    if staticFirst { bench.find(configured, from: .static) }
    bench.find(.mdns(txt: ["version": "1"]))
    if !staticFirst { bench.find(configured, from: .static) }
    #expect(bench.backends.count == 1)
    let backend = bench.backends[0]
    #expect(backend.name == "mine")
    #expect(backend.priority == 7)
    #expect(backend.source == .static)
    #expect(backend.sources == [.static, .mdns])
    #expect(backend.version == "1")
    #expect(backend.addresses == [.of("10.0.0.5")])
    #expect(!bench.lose(.mdns()).contains { $0.hasPrefix("disappeared") })
    #expect(bench.backends.map(\.name) == ["mine"])
  }

  @Test("a static backend named by DNS is recognised by the addresses that it resolves to")
  func resolvedName() {
    var bench = Bench()
    bench.find(
      .configured("mine", "http://gpu.example:11434", resolvedTo: ["10.0.0.5"]), from: .static)
    bench.find(.mdns())
    #expect(bench.backends.map(\.url) == ["http://gpu.example:11434"])
  }

  @Test("localhost is this machine under any of its addresses")
  func localhost() {
    var bench = Bench()
    bench.find(.configured("mine", "http://localhost:11434", type: .ollama), from: .static)
    bench.find(.mdns(at: ["10.0.0.1"], host: "me.local", isOwn: true))
    #expect(bench.backends.map(\.name) == ["mine"])
    #expect(bench.backends[0].isLocal)
  }

  @Test("a static backend that is no longer configured is gone at once, or shows what mDNS says")
  func unconfigured() {
    var bench = Bench()
    let configured = Sighting.configured("mine", "http://10.0.0.5:11434")
    bench.find(configured, from: .static)
    #expect(bench.lose(configured, from: .static) == ["removed mine"])
    bench.find(configured, from: .static)
    let id = bench.backends[0].id
    bench.find(.mdns())
    #expect(bench.lose(configured, from: .static) == ["updated gpu1"])
    #expect(bench.backends.map(\.id) == [id])
  }

  // MARK: - Grace

  @Test("unpublished: disappeared at once, status unknown, removed when the grace period ends")
  func grace() {
    var bench = Bench()
    bench.find(.mdns())
    #expect(bench.lose(.mdns()) == ["disappeared gpu1"])
    #expect(bench.backends[0].expiresAt == bench.now.wall.advanced(by: .seconds(60)))
    #expect(bench.backends[0].url == "http://10.0.0.5:11434")
    #expect(bench.state.nextDeadline == bench.now.uptime.advanced(by: .seconds(60)))
    #expect(bench.wait(.milliseconds(59_999)) == [])
    #expect(bench.wait(.milliseconds(1)) == ["removed gpu1"])
    #expect(bench.state.nextDeadline == nil)
    #expect(bench.backends.isEmpty)
  }

  @Test("back within the grace period: reappeared, same id, never removed")
  func reappears() {
    var bench = Bench()
    bench.find(.mdns())
    let id = bench.backends[0].id
    bench.lose(.mdns())
    _ = bench.wait(.seconds(59))
    #expect(bench.find(.mdns(at: ["10.0.0.77"], family: .ipv6)) == ["reappeared gpu1"])
    #expect(bench.backends.map(\.id) == [id])
    #expect(bench.backends[0].addresses == [.of("10.0.0.77")])
    #expect(bench.state.nextDeadline == nil)
    #expect(bench.wait(.seconds(600)) == [])
  }

  @Test("back under another name at the same address: the same backend")
  func reappearsRenamed() {
    var bench = Bench()
    bench.find(.mdns("old"))
    let id = bench.backends[0].id
    bench.lose(.mdns("old"))
    #expect(bench.find(.mdns("new")) == ["reappeared new"])
    #expect(bench.backends.map(\.id) == [id])
  }

  @Test("a source that cannot say gone is believed for its lifetime and no longer")
  func lifetime() {
    var bench = Bench()
    let seen = Sighting(
      id: .init(identity: "node1"), name: "node1", port: 8000, addresses: [.of("10.0.0.5")])
    bench.find(seen, from: .mesh)
    _ = bench.wait(.seconds(40))
    bench.find(seen, from: .mesh)
    #expect(bench.wait(.seconds(59)) == [])
    #expect(bench.wait(.seconds(1)) == ["removed node1"])
  }

  // MARK: - Sources

  @Test("of a backend's claims that go together, the one that leads shows to the end")
  func leaderGoesLast() {
    var bench = Bench()
    bench.apply(.sourceConnected)
    bench.find(.mdns("a"))
    bench.find(.mdns("b", type: "_llm._tcp"))
    bench.apply(.sourceFailed(reason: "gone"))
    bench.apply(.sourceConnected)
    #expect(bench.apply(.fullSetDelivered) == ["disappeared a"])
  }

  @Test("a failing source keeps its facts; what it does not repeat goes through grace")
  func sourceFails() {
    var bench = Bench()
    bench.apply(.sourceConnected)
    bench.find(.mdns("a"))
    bench.find(.mdns("b", at: ["10.0.0.6"], host: "b.local"))
    #expect(
      bench.apply(.sourceFailed(reason: "gone")).sorted() == ["updated a", "updated b"])
    #expect(bench.backends.map(\.isStale) == [true, true])
    bench.apply(.sourceConnected)
    #expect(bench.find(.mdns("a")) == ["updated a"])
    #expect(!bench.state.sourceStatuses()[0].isFullSetDelivered)
    #expect(bench.apply(.fullSetDelivered) == ["disappeared b"])
    #expect(bench.state.sourceStatuses()[0].isFullSetDelivered)
    #expect(bench.backends.map(\.isStale) == [false, true])
    let status = bench.state.sourceStatuses()[0]
    #expect(status.state == .up && status.reconnects == 1 && status.lastError == "gone")
    #expect(status.sightings == 1)
  }

  @Test("a source's failure is news once, however often it is tried")
  func failureOnce() {
    var bench = Bench()
    bench.state.declare(.mdns, enabled: true, at: bench.now)
    #expect(
      bench.notices(of: .sourceFailed(reason: "no bus")) == [.sourceDown(.mdns, reason: "no bus")])
    #expect(bench.notices(of: .sourceFailed(reason: "no bus")) == [])
    #expect(bench.state.sourceStatuses()[0].state == .waiting)
    #expect(bench.notices(of: .sourceConnected) == [.sourceUp(.mdns)])
    #expect(bench.notices(of: .sourceFailed(reason: "died")).count == 1)
    #expect(bench.state.sourceStatuses()[0].state == .down)
  }

  @Test("a source's limit is news once, until it is over, and stays in its status meanwhile")
  func limitOnce() {
    var bench = Bench()
    let limit = SourceLimit(name: .avahiCache, message: "full")
    let isReached = [RegistryNotice.limitReached(.ofSource(.mdns, limit))]
    #expect(bench.notices(of: .sourceLimited([limit])) == isReached)
    let others = [limit, SourceLimit(name: .avahiObjects, message: "none")]
    #expect(bench.notices(of: .sourceLimited(others)).count == 1)
    #expect(bench.state.sourceStatuses()[0].limits == others)
    #expect(bench.notices(of: .sourceFailed(reason: "died")).count == 1)
    #expect(bench.state.sourceStatuses()[0].limits == others)
    #expect(bench.notices(of: .sourceLimited([])) == [])
    #expect(bench.state.sourceStatuses()[0].limits == [])
    #expect(bench.notices(of: .sourceLimited([limit])) == isReached)
  }
}
