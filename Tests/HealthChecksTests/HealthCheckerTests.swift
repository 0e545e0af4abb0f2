import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct HealthCheckerTests {
  private func network(
    _ server: VirtualNetwork.Server = .init(), _ settings: HealthCheckSettings = .init()
  ) -> VirtualNetwork {
    var network = VirtualNetwork(settings)
    network.servers[VirtualNetwork.id("gpu1")] = server
    return network
  }

  private func checks(_ network: VirtualNetwork) -> [Duration] {
    (network.checks[VirtualNetwork.id("gpu1")] ?? []).map {
      Moment.testStart.uptime.duration(to: $0)
    }
  }

  @Test("a new backend is checked at once, then each interval, give or take ten percent")
  func intervals() throws {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(300))
    let checks = checks(network)
    #expect(checks.first == .zero)
    for (earlier, later) in zip(checks, checks.dropFirst()) {
      #expect(later - earlier >= .seconds(27) && later - earlier <= .seconds(33))
    }
    #expect(Set(zip(checks, checks.dropFirst()).map { $1 - $0 }).count > 5)
    #expect(network.kinds() == [.added, .status])
    let backend = try #require(network.backend())
    #expect(backend.status == .healthy)
    #expect(backend.models == ["m"])
    #expect(backend.lastCheck?.latency == .milliseconds(20))
    #expect(network.quietCount == checks.count - 1)
  }

  @Test(
    "a server that dies is unhealthy within three intervals, and healthy again after it is back")
  func diesAndRecovers() throws {
    for hangs in [true, false] {
      var network = network()
      network.report(.serviceFound(.mdns()))
      network.pass(.seconds(100))
      network.servers[VirtualNetwork.id("gpu1")]?.hangs = hangs
      network.servers[VirtualNetwork.id("gpu1")]?.refuses = !hangs
      network.pass(.seconds(90))
      #expect(network.backend()?.status == .unhealthy)
      #expect(
        network.backend()?.lastCheck?.error
          == (hangs ? "timed out after 5 s" : "connection refused"))
      #expect(network.backend()?.models == ["m"])
      network.pass(.seconds(3600))
      let pauses = zip(checks(network), checks(network).dropFirst()).map { $1 - $0 }
      #expect(pauses.allSatisfy { $0 <= .seconds(300) })
      network.servers[VirtualNetwork.id("gpu1")] = .init()
      network.pass(.seconds(320))
      #expect(network.backend()?.status == .healthy)
      #expect(network.kinds() == [.added, .status, .status, .status])
    }
  }

  @Test("a change of address or port is checked at once, and the old place's health forgotten")
  func moves() {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(10))
    network.servers[VirtualNetwork.id("gpu1")]?.refuses = true
    network.report(.serviceFound(.mdns(port: 4242)))
    #expect(network.backend()?.status == .unknown)
    #expect(network.kinds().last == .updated)
    network.pass(.seconds(1))
    #expect(checks(network) == [.zero, .seconds(10)])
    #expect(network.backend()?.lastCheck?.error == "connection refused")
    #expect(network.backend()?.status == .unknown)
  }

  @Test("news that changes nothing of where or what it is start no check")
  func noNews() {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(10))
    network.report(.serviceFound(.mdns(txt: ["comment": "x"])))
    network.report(.serviceFound(.mdns(txt: ["comment": "x"], interface: "wlan0")))
    network.pass(.seconds(10))
    #expect(checks(network) == [.zero])
    network.report(.serviceFound(.mdns(txt: ["type": "vllm"])))
    network.pass(.seconds(1))
    #expect(checks(network) == [.zero, .seconds(20)])
  }

  @Test("what a check finds out starts no other check")
  func ownFindings() throws {
    var network = network(.init(findings: Findings(type: .ollama, models: ["x"])))
    let id = VirtualNetwork.id("gpu1", "_llm._tcp")
    network.servers[id] = .init(findings: Findings(type: .ollama, models: ["x"]))
    network.report(.serviceFound(.mdns(type: "_llm._tcp")))
    network.pass(.seconds(20))
    let backend = try #require(network.backend("gpu1", "_llm._tcp"))
    #expect(backend.type == .ollama)
    #expect(backend.url == "http://10.0.0.5:11434")
    #expect(network.checks[id]?.count == 1)
  }

  @Test("a flap ends healthy, never stuck in unknown", arguments: [0, 5, 19, 21, 1000, 40_000])
  func flap(milliseconds: Int) {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(10))
    network.report(.serviceRemoved(Sighting.mdns().id))
    #expect(network.backend()?.status == .unknown)
    network.pass(.milliseconds(milliseconds))
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(1))
    #expect(network.backend()?.status == .healthy)
    #expect(network.backend()?.expiresAt == nil)
    #expect(network.twiceAtOnce == 0)
  }

  @Test("one that disappeared is checked at once, and again shortly before it is removed")
  func grace() {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(10))
    network.report(.serviceRemoved(Sighting.mdns().id))
    network.pass(.seconds(1))
    #expect(checks(network) == [.zero, .seconds(10)])
    #expect(network.backend()?.status == .healthy)
    network.pass(.seconds(100))
    #expect(network.backend() == nil)
    #expect(checks(network).last == .seconds(10 + 60 - 6))
    #expect(network.kinds() == [.added, .status, .disappeared, .status, .removed])
    network.pass(.seconds(1000))
    #expect(network.checker.nextDeadline == nil)
  }

  @Test("switched off, all is unknown and nothing is asked; on again, all is asked at once")
  func switchedOff() {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(10))
    var settings = HealthChecker.Settings()
    settings.checks.enabled = false
    network.update(settings)
    #expect(network.backend()?.status == .unknown)
    #expect(network.backend()?.lastCheck == nil)
    #expect(network.kinds().last == .status)
    network.report(.serviceFound(.mdns(port: 1)))
    network.pass(.seconds(1000))
    #expect(checks(network) == [.zero])
    #expect(network.checker.nextDeadline == nil)
    settings.checks.enabled = true
    network.update(settings)
    network.pass(.seconds(1))
    #expect(network.backend()?.status == .healthy)
    #expect(checks(network) == [.zero, .seconds(1010)])
  }

  @Test("a shorter interval holds from now on")
  func otherInterval() {
    var network = network()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(1))
    var settings = HealthChecker.Settings()
    settings.checks.interval = .seconds(2)
    network.update(settings)
    network.pass(.seconds(20))
    #expect(checks(network).count >= 9)
  }

  // MARK: - What the parts are told

  private static let now = Moment.testStart

  private func added(_ backend: Backend) -> RegistryUpdate.Content {
    .changes([RegistryChange(revision: 1, kind: .added, backend: backend)])
  }

  private func started(_ actions: [HealthChecker.Action]) -> [Probe] {
    actions.compactMap { if case .start(let probe) = $0 { probe } else { nil } }
  }

  private func cancelled(_ actions: [HealthChecker.Action]) -> [Probe.ID] {
    actions.compactMap { if case .cancel(let id) = $0 { id } else { nil } }
  }

  private func results(_ actions: [HealthChecker.Action]) -> [CheckResult] {
    actions.compactMap { if case .report(_, let result) = $0 { result } else { nil } }
  }

  @Test("a removed backend's check is cancelled, and its end passed over")
  func removed() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    let probe = try #require(started(checker.follow(added(.at()), at: Self.now)).first)
    let removal = RegistryChange(revision: 2, kind: .removed, backend: .at())
    #expect(cancelled(checker.follow(.changes([removal]), at: Self.now)) == [probe.id])
    let late = checker.finished(
      probe.id, ProbeVerdict(condition: .well(remark: nil)), at: Self.now)
    #expect(late.isEmpty)
    #expect(checker.nextDeadline == nil)
    #expect(checker.runningCount == 0)
  }

  @Test("a snapshot takes the place of all that was missed")
  func snapshot() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    let backends = [Backend.at(["10.0.0.1"], id: "a"), .at(["10.0.0.2"], id: "b")]
    let first = checker.follow(
      .snapshot(RegistrySnapshot(revision: 1, backends: backends)), at: Self.now)
    #expect(started(first).count == 2)
    let moved = [Backend.at(["10.0.0.9"], id: "b"), .at(["10.0.0.3"], id: "c")]
    let second = checker.follow(
      .snapshot(RegistrySnapshot(revision: 9, backends: moved)), at: Self.now)
    #expect(Set(cancelled(second).map(\.backend)) == Set(backends.map(\.id)))
    #expect(Set(started(second).map(\.id.backend)) == Set(moved.map(\.id)))
  }

  @Test("a check that never ends is given up, and its place is free again")
  func givenUp() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    let probe = try #require(started(checker.follow(added(.at()), at: Self.now)).first)
    #expect(checker.nextDeadline == Self.now.uptime.advanced(by: .seconds(6)))
    let actions = checker.tick(at: Self.now.advanced(by: .seconds(6)))
    #expect(cancelled(actions) == [probe.id])
    #expect(results(actions).first?.report.error == "timed out after 5 s")
    #expect(checker.runningCount == 0)
  }

  @Test("the address that answered is asked first the next time, and no change is taken for a move")
  func otherAddress() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    let backend = Backend.at(["10.0.0.5", "10.0.0.6"])
    let probe = try #require(started(checker.follow(added(backend), at: Self.now)).first)
    let verdict = ProbeVerdict(
      condition: .well(remark: nil), findings: Findings(type: .vllm), answeredBy: .of("10.0.0.6"))
    let result = try #require(results(checker.finished(probe.id, verdict, at: Self.now)).first)
    #expect(result.endpoint.host == "10.0.0.5")
    #expect(result.answeredBy == .of("10.0.0.6"))
    var moved = Backend.at(["10.0.0.6", "10.0.0.5"])
    moved.status = .healthy
    let change = RegistryChange(revision: 2, kind: .status, backend: moved)
    #expect(checker.follow(.changes([change]), at: Self.now).isEmpty)
    let due = try #require(checker.nextDeadline)
    let later = Self.now.advanced(by: Self.now.uptime.duration(to: due))
    var next = try #require(started(checker.tick(at: later)).first)
    guard case .send(let request) = next.begin(at: later.uptime) else { return }
    #expect(request.address == .of("10.0.0.6"))
    #expect(request.question == .get(path: "/v1/models"))
  }

  @Test("what a server is is found out anew after a failure, and every ten minutes")
  func identifiedAnew() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    var now = Self.now
    var actions = checker.follow(added(.at()), at: now)
    var identifications: [Int] = []
    for round in 0..<40 {
      var probe = try #require(started(actions).first)
      guard case .send(let request) = probe.begin(at: now.uptime) else { return }
      if request.question != .get(path: "/v1/models") { identifications.append(round) }
      let verdict = ProbeVerdict(
        condition: round == 10 ? .failed("x") : .well(remark: nil),
        findings: round == 10 ? nil : Findings(type: .vllm, version: "1"))
      _ = checker.finished(probe.id, verdict, at: now)
      let due = try #require(checker.nextDeadline)
      now = now.advanced(by: now.uptime.duration(to: due))
      actions = checker.tick(at: now)
    }
    #expect(identifications.prefix(2) == [0, 11])
    #expect(identifications.count == 3)
    #expect((identifications.last ?? 0) - 11 >= 18 && (identifications.last ?? 0) - 11 <= 23)
  }

  @Test("a server whose access changed is asked at once, with it")
  func access() throws {
    var checker = HealthChecker(random: SeededGenerator(seed: 1))
    let backend = Backend.at(["10.0.0.5"], host: "gpu.lan", own: 1, scheme: .https)
    let first = try #require(started(checker.follow(added(backend), at: Self.now)).first)
    var settings = HealthChecker.Settings()
    let key = APIKey("k")
    settings.access[backend.endpoint] = ProbeAccess(authorities: "/ca.pem", key: key)
    let actions = checker.update(settings: settings, at: Self.now)
    #expect(cancelled(actions) == [first.id])
    var probe = try #require(started(actions).first)
    guard case .send(let request) = probe.begin(at: Self.now.uptime) else { return }
    #expect(request.access == ProbeAccess(authorities: "/ca.pem", key: key))
    #expect(request.serverName == "gpu.lan")
  }
}
