import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

@Suite struct RegistryHealthTests {
  private static let now = Moment.testStart

  private func state(_ events: DiscoveryEvent..., from source: SourceKind = .mdns) -> RegistryState
  {
    var state = RegistryState(network: .oneInterface)
    _ = state.apply(events, from: source, at: Self.now)
    return state
  }

  private func first(_ state: RegistryState) -> Backend {
    guard let first = state.snapshot().backends.first else { preconditionFailure("no backend") }
    return first
  }

  /// A check of the only backend that begins and ends at `now`.
  private func check(
    _ state: inout RegistryState, _ status: BackendStatus = .healthy, error: String? = nil,
    startedAt: Moment? = nil, answeredBy: String? = nil,
    findings: Findings? = Findings(type: .ollama, version: "1.0", models: ["m"]),
    at now: Moment = RegistryHealthTests.now
  ) -> RegistryState.Outcome {
    let backend = first(state)
    let result = CheckResult(
      status: status,
      report: HealthReport(at: now.wall, latency: .milliseconds(3), error: error),
      startedAt: (startedAt ?? now).uptime, endpoint: backend.endpoint,
      answeredBy: answeredBy.map(Address.of), findings: findings)
    return state.apply(result, to: backend.id, at: now)
  }

  @Test("the first check tells status, version and models as one change")
  func firstCheck() {
    var state = state(.serviceFound(.mdns()))
    let outcome = check(&state)
    #expect(outcome.changes.map(\.kind) == [.status])
    #expect(outcome.changes.first?.previous?.status == .unknown)
    let backend = first(state)
    #expect(backend.status == .healthy)
    #expect(backend.version == "1.0")
    #expect(backend.models == ["m"])
    #expect(backend.detectedType == .ollama)
    #expect(backend.lastCheck?.latency == .milliseconds(3))
  }

  @Test("a check that only confirms is no revision, and yet seen in snapshots")
  func confirms() {
    var state = state(.serviceFound(.mdns()))
    _ = check(&state)
    let revision = state.revision
    let later = Self.now.advanced(by: .seconds(30))
    let outcome = check(&state, error: "needs a key", at: later)
    #expect(outcome.changes.isEmpty)
    #expect(outcome.checked == [first(state).id])
    #expect(state.revision == revision)
    #expect(first(state).lastCheck?.at == later.wall)
    #expect(first(state).lastCheck?.error == "needs a key")
  }

  @Test("other models or another version are an update; a failure keeps what was known")
  func findings() {
    var state = state(.serviceFound(.mdns(txt: ["models": "advertised", "version": "0.1"])))
    #expect(first(state).models == ["advertised"])
    _ = check(&state)
    #expect(first(state).version == "1.0")
    let more = check(&state, findings: Findings(type: .ollama, version: "1.0", models: []))
    #expect(more.changes.map(\.kind) == [.updated])
    #expect(first(state).models.isEmpty)
    let failed = check(&state, .unhealthy, error: "connection refused", findings: nil)
    #expect(failed.changes.map(\.kind) == [.status])
    #expect(first(state).version == "1.0")
    let silent = check(&state, .unhealthy, findings: Findings())
    #expect(silent.changes.map(\.kind) == [.updated])
    #expect(first(state).models == ["advertised"])
    #expect(first(state).version == "0.1")
  }

  @Test("a type that nobody claims is the one that was found, and so is its API's path")
  func foundType() {
    var state = state(.serviceFound(.mdns(type: "_llm._tcp", port: 8000)))
    #expect(first(state).url == "http://10.0.0.5:8000/v1")
    _ = check(&state)
    #expect(first(state).type == .ollama)
    #expect(first(state).claimedType == .unknown)
    #expect(first(state).url == "http://10.0.0.5:8000")
    #expect(first(state).status == .healthy)
    #expect(!first(state).isContradicted)
  }

  @Test("a claimed type stays, and what contradicts it is shown")
  func contradiction() {
    var state = state(.serviceFound(.mdns()))
    let outcome = check(&state, findings: Findings(type: .localai, models: ["m"]))
    #expect(outcome.changes.count == 1)
    let backend = first(state)
    #expect(backend.type == .ollama)
    #expect(backend.detectedType == .localai)
    #expect(backend.isContradicted)
    let again = check(&state, findings: Findings(type: .localai, models: ["m"]))
    #expect(again.changes.isEmpty)
  }

  @Test(
    "what contradicts a claim",
    arguments: [
      (BackendType.vllm, BackendType.ollama, true), (.vllm, .vllm, false),
      (.vllm, .unknown, false), (.vllm, .openAICompatible, false),
      (.openAICompatible, .vllm, false), (.ollama, .openAICompatible, false),
    ])
  func contradicts(found: BackendType, claim: BackendType, isSo: Bool) {
    #expect(found.contradicts(claim) == isSo)
  }

  // MARK: - Addresses

  @Test("the address that answered becomes the URL's host, and stays it while it is known")
  func answering() {
    let sighting = Sighting.mdns(at: ["10.0.0.5", "10.0.0.6"])
    var state = state(.serviceFound(sighting))
    #expect(first(state).host == "10.0.0.5")
    _ = check(&state, answeredBy: "10.0.0.5")
    let outcome = check(&state, answeredBy: "10.0.0.6")
    #expect(outcome.changes.map(\.kind) == [.updated])
    var backend = first(state)
    #expect(backend.url == "http://10.0.0.6:11434")
    #expect(backend.addresses == ["10.0.0.6", "10.0.0.5"].map(Address.of))
    #expect(backend.status == .healthy)
    _ = state.apply(
      .serviceFound(.mdns(at: ["10.0.0.5", "10.0.0.7"])), from: .mdns, at: Self.now)
    backend = first(state)
    #expect(backend.host == "10.0.0.5")
    #expect(backend.status == .unknown)
  }

  @Test("an administrator's URL is not rewritten, and the network's addresses are not its own")
  func configuredURL() {
    var state = state(
      .serviceFound(.configured("mine", "http://10.0.0.5:11434")), from: .static)
    _ = state.apply(
      .serviceFound(.mdns(at: ["10.0.0.5", "10.0.0.6"])), from: .mdns, at: Self.now)
    #expect(first(state).ownAddressCount == 1)
    _ = check(&state, answeredBy: "10.0.0.6")
    #expect(first(state).url == "http://10.0.0.5:11434")
    #expect(first(state).status == .healthy)
    #expect(self.state(.serviceFound(.mdns())).snapshot().backends.first?.ownAddressCount == 0)
  }

  @Test("a new address or port makes the status unknown: nobody asked there yet")
  func moved() {
    for sighting in [Sighting.mdns(port: 1), .mdns(at: ["10.0.0.9"])] {
      var state = state(.serviceFound(.mdns()))
      _ = check(&state)
      let outcome = state.apply(.serviceFound(sighting), from: .mdns, at: Self.now)
      #expect(outcome.changes.map(\.kind) == [.updated])
      #expect(first(state).status == .unknown)
      #expect(first(state).models == ["m"])
    }
  }

  @Test("other metadata leave the status as it is")
  func metadata() {
    var state = state(.serviceFound(.mdns()))
    _ = check(&state)
    _ = state.apply(.serviceFound(.mdns(txt: ["a": "b"])), from: .mdns, at: Self.now)
    #expect(first(state).status == .healthy)
  }

  // MARK: - Time

  @Test("what was asked before it disappeared or came back says nothing of it")
  func outdated() {
    var state = state(.serviceFound(.mdns()))
    _ = check(&state)
    let gone = Self.now.advanced(by: .seconds(10))
    _ = state.apply(.serviceRemoved(Sighting.mdns().id), from: .mdns, at: gone)
    #expect(first(state).status == .unknown)
    #expect(check(&state, startedAt: Self.now, at: gone) == RegistryState.Outcome())
    #expect(first(state).status == .unknown)
    let inGrace = check(&state, at: gone)
    #expect(inGrace.changes.map(\.kind) == [.status])
    let back = gone.advanced(by: .seconds(1))
    let reappeared = state.apply(.serviceFound(.mdns()), from: .mdns, at: back)
    #expect(reappeared.changes.map(\.kind) == [.reappeared])
    #expect(first(state).status == .healthy)
    #expect(
      check(&state, .unhealthy, startedAt: gone, at: back) == RegistryState.Outcome())
  }

  @Test("a result of a place where it is no more, or of nobody, is passed over")
  func elsewhere() {
    var state = state(.serviceFound(.mdns()))
    let old = first(state)
    _ = state.apply(.serviceFound(.mdns(port: 1)), from: .mdns, at: Self.now)
    let result = CheckResult(
      status: .healthy, report: HealthReport(at: Self.now.wall, latency: nil, error: nil),
      startedAt: Self.now.uptime, endpoint: old.endpoint)
    #expect(state.apply(result, to: old.id, at: Self.now) == RegistryState.Outcome())
    let stranger = BackendID(of: "x", in: .dns)
    #expect(state.apply(result, to: stranger, at: Self.now) == RegistryState.Outcome())
  }

  @Test("once nobody checks, all is unknown, and late results change nothing")
  func switchedOff() {
    var state = state(.serviceFound(.mdns(txt: ["models": "advertised"])))
    _ = check(&state)
    var settings = RegistryState.Settings()
    settings.checksHealth = false
    let outcome = state.update(settings: settings, at: Self.now)
    #expect(outcome.changes.map(\.kind) == [.status])
    let backend = first(state)
    #expect(backend.status == .unknown && backend.lastCheck == nil)
    #expect(backend.models == ["advertised"])
    #expect(check(&state) == RegistryState.Outcome())
  }

  // MARK: - Watchers

  @Test("a watcher is told of checks that changed nothing, without a revision")
  func watched() async throws {
    let clock = ManualClock()
    let registry = Registry(state: state(.serviceFound(.mdns())), clock: clock)
    var updates = registry.watch().makeAsyncIterator()
    _ = await updates.next()
    let backend = try #require(await registry.snapshot().backends.first)
    func result(_ seconds: Int) -> CheckResult {
      let report = HealthReport(
        at: clock.now().wall.advanced(by: .seconds(seconds)), latency: nil, error: nil)
      return CheckResult(
        status: .healthy, report: report, startedAt: clock.now().uptime,
        endpoint: backend.endpoint)
    }
    await registry.apply(result(0), to: backend.id)
    let change = try #require(await updates.next())
    guard case .changes(let changes) = change.content else {
      Issue.record("a snapshot instead of a change")
      return
    }
    #expect(changes.map(\.kind) == [.status])
    #expect(change.checks.isEmpty)
    await registry.apply(result(1), to: backend.id)
    await registry.apply(result(2), to: backend.id)
    let quiet = try #require(await updates.next())
    guard case .changes(let none) = quiet.content else {
      Issue.record("a snapshot instead of nothing")
      return
    }
    #expect(none.isEmpty)
    #expect(quiet.checks == [backend.id: result(2).report])
  }
}
