import DiscoveryTestKit

@testable import DiscoveryCore

/// One run over few names, addresses and ports, so that they often collide: `random` chooses what
/// happens, and after each step what must hold is checked.
///
/// The fuzz target "merging" compiles this file as well, with the fuzzer's bytes for `random`.
struct RandomRun<Random: RandomNumberGenerator> {
  var random: Random
  var now = Moment.testStart
  var state: RegistryState
  /// What a consumer who follows the changes believes.
  var mirror: [BackendID: Backend] = [:]
  var revision: UInt64 = 0
  /// The sightings that each source last said are there.
  var configured: [Sighting.ID: Sighting] = [:]

  init(random: Random) {
    self.random = random
    var settings = RegistryState.Settings()
    settings.maxBackends = 12
    settings.gracePeriod = .seconds(5)
    state = RegistryState(settings: settings, network: .oneInterface)
    for source in SourceKind.allCases { state.declare(source, enabled: true, at: now) }
  }

  mutating func step() -> RegistryState.Outcome {
    now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &random)))
    switch Int.random(in: 0..<100, using: &random) {
    case ..<40: return state.apply(.serviceFound(announced()), from: .mdns, at: now)
    case ..<60: return state.apply(.serviceRemoved(announced().id), from: .mdns, at: now)
    case ..<72:
      let burst: [DiscoveryEvent] = (0..<Int.random(in: 2...6, using: &random)).map { _ in
        Int.random(in: 0..<100, using: &random) < 60
          ? .serviceFound(announced()) : .serviceRemoved(announced().id)
      }
      return state.apply(burst, from: .mdns, at: now)
    case ..<77: return state.apply(.serviceFound(scanned()), from: .mesh, at: now)
    case ..<84:
      let sighting = administered()
      configured[sighting.id] = sighting
      return state.apply(.serviceFound(sighting), from: .static, at: now)
    case ..<88:
      let id = administered().id
      configured[id] = nil
      return state.apply(.serviceRemoved(id), from: .static, at: now)
    case ..<90: return state.apply(.sourceFailed(reason: "x"), from: .mdns, at: now)
    case ..<91: return state.apply(.sourceConnected, from: .mdns, at: now)
    case ..<92: return state.apply(.fullSetDelivered, from: .mdns, at: now)
    case ..<94:
      return checked()
    case ..<96:
      let network: LocalNetwork = Bool.random(using: &random) ? .oneInterface : LocalNetwork()
      return state.update(network: network, at: now)
    default: return state.expire(at: now)
    }
  }

  /// A check of a backend ends, that began a while ago, perhaps elsewhere.
  private mutating func checked() -> RegistryState.Outcome {
    guard let backend = state.snapshot().backends.randomElement(using: &random) else {
      return RegistryState.Outcome()
    }
    let isWell = random.chance(60)
    let began = Duration.milliseconds(Int.random(in: 0...500, using: &random))
    let result = CheckResult(
      status: isWell ? .healthy : .unhealthy,
      report: HealthReport(at: now.wall, latency: nil, error: isWell ? nil : "x"),
      startedAt: now.uptime.advanced(by: .zero - began),
      endpoint: random.chance(80)
        ? backend.endpoint : Endpoint(scheme: .http, host: "10.0.0.9", port: 1),
      answeredBy: isWell ? backend.addresses.randomElement(using: &random) : nil,
      findings: isWell
        ? Findings(type: random.chance(50) ? .vllm : nil, models: random.chance(50) ? ["m"] : nil)
        : nil)
    return state.apply(result, to: backend.id, at: now)
  }

  private mutating func announced() -> Sighting {
    let interface = ["eth0", "eth1"].randomElement(using: &random) ?? "eth0"
    return .mdns(
      "s\(Int.random(in: 0..<8, using: &random))",
      type: Bool.random(using: &random) ? "_ollama._tcp" : "_llm._tcp",
      port: UInt16.random(in: 1...2, using: &random), at: addresses(),
      host: "h\(Int.random(in: 0..<5, using: &random)).local", interface: interface,
      family: Bool.random(using: &random) ? .ipv4 : .ipv6)
  }

  private mutating func scanned() -> Sighting {
    Sighting(
      id: .init(identity: "n\(Int.random(in: 0..<3, using: &random))"), name: "n",
      port: UInt16.random(in: 1...2, using: &random), addresses: addresses().map(Address.of))
  }

  private mutating func administered() -> Sighting {
    let host =
      ["10.0.0.2", "10.0.0.3", "h1.local", "localhost", "h2.local"]
      .randomElement(using: &random) ?? "localhost"
    return .configured("mine", "http://\(host):\(Int.random(in: 1...2, using: &random))")
  }

  private mutating func addresses() -> [String] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in
      let special = ["fe80::1%eth0", "fe80::1%eth1", "8.8.8.8", "127.0.0.1"]
      let all = (1...6).map { "10.0.0.\($0)" } + special
      return all.randomElement(using: &random) ?? "10.0.0.1"
    }
  }

  // MARK: - What must hold

  mutating func fault(after outcome: RegistryState.Outcome) -> String? {
    faultOfChanges(outcome.changes) ?? faultOfMirror() ?? faultOfClaims() ?? faultOfIndexes()
      ?? faultOfStatics() ?? faultOfDeadlines()
  }

  private mutating func faultOfChanges(_ changes: [RegistryChange]) -> String? {
    for change in changes {
      revision += 1
      guard change.revision == revision else { return "revision \(change.revision) is no step" }
      let before = mirror[change.backend.id]
      switch change.kind {
      case .added:
        guard before == nil else { return "added twice" }
      case .removed:
        guard before != nil else { return "removed what was not there" }
        mirror[change.backend.id] = nil
        continue
      case .updated, .status:
        guard let before, before != change.backend else { return "updated nothing" }
        guard change.kind == .updated || before.status != change.backend.status else {
          return "a status that did not change"
        }
        guard (before.expiresAt == nil) == (change.backend.expiresAt == nil) else {
          return "updated across the grace period"
        }
      case .disappeared:
        guard before?.expiresAt == nil, before != nil, change.backend.expiresAt != nil,
          change.backend.status == .unknown
        else { return "disappeared wrongly" }
      case .reappeared:
        guard before?.expiresAt != nil, change.backend.expiresAt == nil else {
          return "reappeared wrongly"
        }
      }
      mirror[change.backend.id] = change.backend
    }
    return state.revision == revision ? nil : "a revision without a change"
  }

  private func faultOfMirror() -> String? {
    let snapshot = state.snapshot()
    guard snapshot.backends.count == mirror.count else { return "snapshot differs from changes" }
    for var backend in snapshot.backends {
      guard let mirrored = mirror[backend.id] else { return "\(backend.name) was never added" }
      backend.lastSeen = mirrored.lastSeen
      backend.lastCheck = mirrored.lastCheck
      guard backend == mirrored else { return "\(backend.name) changed without a change" }
      guard !backend.host.isEmpty else { return "a URL without a host" }
      guard backend.source.isAdministered || !backend.addresses.isEmpty else {
        return "a backend without an address"
      }
      if !backend.sources.contains(where: \.isAdministered) {
        guard !backend.addresses.contains(.of("8.8.8.8")) else { return "a refused address" }
      }
    }
    return nil
  }

  private func faultOfClaims() -> String? {
    var sightings = 0
    for claim in state.claims.indices {
      let record = state.claims[claim]
      guard state.claimSlot(of: record.key) == claim else { return "a claim is not indexed" }
      guard let entry = record.entry, state.entries.contains(entry),
        state.entries[entry].members.contains(claim)
      else { return "a claim without its backend" }
      guard !record.held.isEmpty else { return "an empty claim" }
      if record.isDeparted {
        guard Array(state.entries[entry].members) == [claim] else {
          return "a departed claim has company"
        }
      } else {
        sightings += record.held.count
      }
    }
    guard state.claimsByKey.count == state.claims.count else { return "an index of nothing" }
    guard state.sightingCount == sightings else { return "sightings are miscounted" }
    let counted = state.sourceStatuses().reduce(0) { $0 + $1.sightings }
    return counted == sightings ? nil : "the sources' sightings are miscounted"
  }

  private func faultOfIndexes() -> String? {
    var keys: [MatchKey: Int] = [:]
    for entry in state.entries.indices {
      let record = state.entries[entry]
      guard record.members.contains(record.leader) else { return "a leader from elsewhere" }
      guard Set(record.members).count == record.members.count else { return "a member twice" }
      guard state.entrySlot(of: record.id) == entry else { return "an id is not indexed" }
      let leader = state.claims[record.leader]
      for member in record.members where member != record.leader {
        let claim = state.claims[member]
        guard leader.leads(claim) else { return "a follower outranks its leader" }
        guard !Set(claim.keys).isDisjoint(with: leader.keys) else { return "a stranger follows" }
      }
      for key in Set(leader.keys) {
        guard keys.updateValue(entry, forKey: key) == nil else { return "two leaders share a key" }
      }
    }
    guard state.entriesByID.count == state.entries.count else { return "an id of nothing" }
    for (key, entry) in keys where state.entrySlot(ledUnder: key) != entry {
      return "a leader's key is not indexed"
    }
    return keys.count == state.entriesByLeaderKey.count ? nil : "a key of nothing"
  }

  /// The network removes no static backend, and no two of one URL exist.
  private func faultOfStatics() -> String? {
    for id in configured.keys {
      let claim = state.claimSlot(of: Claim.Key(source: .static, identity: id.identity))
      guard let claim, let entry = state.claims[claim].entry else { return "a static one is lost" }
      guard state.entries[entry].graceEnds == nil else { return "a static one is in grace" }
    }
    return nil
  }

  private mutating func faultOfDeadlines() -> String? {
    let wanted = state.entries.indices.filter { state.entries[$0].graceEnds != nil }
      .compactMap { state.deadline(of: $0) }.min()
    if let wanted {
      guard let next = state.nextDeadline, next <= wanted else {
        return "a grace period would be missed"
      }
    }
    let lasting = state.entries.indices.filter { state.deadline(of: $0) != nil }.count
    return state.deadlines.count == lasting ? nil : "a deadline of nothing, or none of something"
  }

  /// Once all sources are silent and every deadline is past, only what is configured remains.
  mutating func faultAfterSilence() -> String? {
    for claim in Array(state.claims.indices) where state.claims.contains(claim) {
      guard state.claims[claim].source == .mdns, !state.claims[claim].isDeparted else { continue }
      for id in state.claims[claim].held.map(\.sighting.id) {
        _ = state.apply(.serviceRemoved(id), from: .mdns, at: now)
      }
    }
    while let deadline = state.nextDeadline {
      now = now.advanced(by: now.uptime.duration(to: deadline))
      _ = state.expire(at: now)
    }
    guard state.snapshot().backends.allSatisfy({ $0.source == .static }) else {
      return "something of the network remains"
    }
    guard state.claims.count == configured.count else { return "claims leak" }
    return state.sightingCount == configured.count ? nil : "sightings leak"
  }
}
