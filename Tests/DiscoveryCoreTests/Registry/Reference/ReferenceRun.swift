import DiscoveryTestKit

@testable import DiscoveryCore

/// One run that tells the registry and the reference the same, and compares what they say.
///
/// The fuzz target "registry" compiles this file as well, with the fuzzer's bytes for `random`.
struct ReferenceRun<Random: RandomNumberGenerator> {
  var random: Random
  private var told: [(at: Moment, what: Told)] = []
  private var now = Moment.testStart
  private var state: RegistryState
  private var settings = RegistryState.Settings()
  private var reference = ReferenceRegistry()
  /// As consumers saw it last, by birth.
  private var seen: [Int: Backend] = [:]
  private var revision: UInt64 = 0

  init(random: Random) {
    self.random = random
    settings.gracePeriod = reference.gracePeriod
    state = RegistryState(settings: settings, network: .oneInterface)
    for source in SourceKind.allCases { state.declare(source, enabled: true, at: now) }
  }

  private mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  // MARK: - What happens

  /// One more event or several at once, or some time; what the two disagree on, if anything.
  mutating func step() -> String? {
    now = now.advanced(by: .milliseconds(250 * below(4)))
    switch below(16) {
    case ..<7: return tell(1, from: .mdns)
    case 7: return tell(2 + below(4), from: .mdns)
    case 8: return tell(1, from: .mesh)
    case 9: return tell(1, from: .federation)
    case 10: return tell(1 + below(2), from: .static)
    case 11: return tell(1, from: .runtime)
    case 12:
      let source: SourceKind = [.mdns, .federation, .mesh][below(3)]
      let event: DiscoveryEvent = [
        .sourceFailed(reason: "x"), .sourceConnected, .fullSetDelivered,
      ][below(3)]
      return tell([event], from: source)
    case 13: return change()
    case 14:
      return wait(until: now.uptime.advanced(by: .seconds(below(80))))
    default:
      // To the nanosecond: nothing goes before its time, and nothing stays past it.
      guard let deadline = reference.nextDeadline, deadline > now.uptime else { return nil }
      return wait(until: deadline.advanced(by: .nanoseconds(-1))) ?? wait(until: deadline)
    }
  }

  private mutating func tell(_ count: Int, from source: SourceKind) -> String? {
    var events: [DiscoveryEvent] = []
    var after = reference
    for _ in 0..<count {
      let sighting = sighting(from: source, known: after)
      events.append(below(3) > 0 ? .serviceFound(sighting) : .serviceRemoved(sighting.id))
      after.take(events[events.count - 1], from: source, at: now)
    }
    return tell(events, from: source)
  }

  private mutating func tell(_ events: [DiscoveryEvent], from source: SourceKind) -> String? {
    told.append((now, .events(source, events)))
    for event in events { reference.take(event, from: source, at: now) }
    return fault(after: state.apply(events, from: source, at: now))
  }

  private mutating func change() -> String? {
    reference.world.prefer = below(2) == 0 ? .ipv4 : .ipv6
    reference.world.refusesRouted = below(2) == 0
    reference.gracePeriod = .seconds(below(3) * 5)
    told.append((now, .settings(reference.world, gracePeriod: reference.gracePeriod)))
    settings.prefer = reference.world.prefer
    settings.trust.deny = reference.world.refusesRouted ? [.of("192.168.7.0/24")] : []
    settings.gracePeriod = reference.gracePeriod
    reference.review(at: now)
    return fault(after: state.update(settings: settings, at: now))
  }

  private mutating func wait(until deadline: Uptime) -> String? {
    now = now.advanced(by: now.uptime.duration(to: deadline))
    told.append((now, .time))
    reference.expire(at: now)
    return fault(after: state.expire(at: now))
  }

  /// What was told so far, for the report of a fault.
  var history: [String] {
    told.map { "\(Moment.testStart.uptime.duration(to: $0.at.uptime)) \($0.what)" }
  }

  // MARK: - What is said

  /// A sighting of some server; one of a claim that has others keeps to their place.
  private mutating func sighting(from source: SourceKind, known: ReferenceRegistry) -> Sighting {
    guard !source.isAdministered else { return administered() }
    let number = below(5)
    let interface = ["eth0", "eth1"][below(2)]
    let family: Address.Family = below(2) == 0 ? .ipv4 : .ipv6
    let type = ["_ollama._tcp", "_llm._tcp"][below(2)]
    var sighting = Sighting.mdns("s\(number)", type: type, interface: interface, family: family)
    if source != .mdns {
      sighting = Sighting(
        id: .init(identity: "n\(number)", interface: interface), name: "n\(number)", port: 1)
    }
    var place = ReferenceWorld.Place(server: below(5), port: UInt16(1 + below(2)))
    let key = ReferenceRegistry.Key(source: source, identity: sighting.id.identity)
    if let claim = known.claims.first(where: { $0.key == key }), !claim.isDeparted,
      claim.held.contains(where: { $0.sighting.id != sighting.id })
    {
      place = claim.place
    }
    sighting.port = place.port
    describe(&sighting, on: place.server, from: source)
    return sighting
  }

  private mutating func describe(
    _ sighting: inout Sighting, on server: Int, from source: SourceKind
  ) {
    let more =
      [ReferenceWorld.linkLocal[server], ReferenceWorld.loopback] + ReferenceWorld.refused
      + (server == 0 ? [] : [ReferenceWorld.routed[server], ReferenceWorld.unique[server]])
    let chosen = below(256)
    sighting.addresses =
      [ReferenceWorld.homes[server]]
      + more.indices.filter { chosen >> $0 & 1 == 1 }.map { more[$0] }
    sighting.hostname = "h\(server).local"
    sighting.isOwnAnnouncement = server == 0 && below(2) == 0
    guard source == .mdns else { return }
    switch below(16) {
    case 0: sighting.port = 0
    case 1: sighting.hostname = "evil.example"
    case 2: sighting.txt = TXTRecord(["type": "vLLM"])
    case 3: sighting.txt = TXTRecord(["version": "2", "api_path": "/api"])
    case 4: sighting.txt = TXTRecord(["api_path": ReferenceWorld.steeringPath])
    case 5: sighting.txt = TXTRecord(["models": "a,b", "version": "1"])
    default: break
    }
  }

  private mutating func administered() -> Sighting {
    let server = below(3)
    let address = "10.0.0.\(server + 1)"
    let port = 1 + below(2)
    switch below(4) {
    case 0: return .configured("a", "http://\(address):\(port)")
    case 1: return .configured("b", "http://\(address):\(port)/api", type: .vllm, priority: 7)
    case 2:
      return .configured("c", "http://h\(server).local:\(port)", resolvedTo: [address])
    default: return .configured("d", "http://localhost:\(port)", resolvedTo: ["127.0.0.1"])
    }
  }

  // MARK: - What must agree

  private mutating func fault(after outcome: RegistryState.Outcome) -> String? {
    let views = reference.views()
    defer { seen = views }
    return fault(of: outcome.changes, towards: views) ?? fault(of: views) ?? faultOfCounts()
  }

  /// Each difference to what was seen before is one change with a revision of its own.
  private mutating func fault(
    of changes: [RegistryChange], towards views: [Int: Backend]
  ) -> String? {
    var wanted: [String] = []
    for (birth, backend) in seen where views[birth] == nil {
      wanted.append("\(RegistryChange.Kind.removed) \(backend.id)")
    }
    for (birth, backend) in views {
      guard let kind = Self.kind(from: seen[birth], to: backend) else { continue }
      wanted.append("\(kind) \(backend.id)")
    }
    let told = changes.map { "\($0.kind) \($0.backend.id)" }
    guard told.sorted() == wanted.sorted() else { return "told \(told), not \(wanted)" }
    for change in changes {
      revision += 1
      guard change.revision == revision else { return "revision \(change.revision) is no step" }
      guard change.kind != .removed else { continue }
      guard let view = views.values.first(where: { $0.id == change.backend.id }) else {
        return "told of \(change.backend.id), which is not there"
      }
      guard view == change.backend else {
        return "told of \(view.id) with \(change.backend.differences(to: view))"
      }
    }
    return state.revision == revision ? nil : "a revision without a change"
  }

  private static func kind(from old: Backend?, to new: Backend) -> RegistryChange.Kind? {
    guard var old else { return .added }
    if old.expiresAt == nil, new.expiresAt != nil { return .disappeared }
    if old.expiresAt != nil, new.expiresAt == nil { return .reappeared }
    old.lastSeen = new.lastSeen
    return old == new ? nil : .updated
  }

  private func fault(of views: [Int: Backend]) -> String? {
    let wanted = views.values.sorted { $0.id < $1.id }
    let listed = state.snapshot().backends.sorted { $0.id < $1.id }
    guard listed.map(\.id) == wanted.map(\.id) else {
      return "lists \(listed.map(\.url)), not \(wanted.map(\.url))"
    }
    for (left, right) in zip(listed, wanted) where left != right {
      return "lists \(left.id) with \(left.differences(to: right))"
    }
    let urls = reference.urls()
    for backend in listed where backend.url != urls[backend.id] {
      return "lists \(backend.url), not \(urls[backend.id] ?? "none")"
    }
    return nil
  }

  private func faultOfCounts() -> String? {
    for status in state.sourceStatuses() {
      let present = reference.claims.filter { $0.key.source == status.source && !$0.isDeparted }
      let count = present.reduce(0) { $0 + $1.held.count }
      guard status.sightings == count else {
        return "\(status.source) has \(status.sightings) sightings, not \(count)"
      }
    }
    switch (state.nextDeadline, reference.nextDeadline) {
    case (nil, nil): return nil
    // A lifetime that was prolonged may be looked at too early; nothing comes of that.
    case (let next?, let wanted?) where next <= wanted: return nil
    case (let next, let wanted):
      return "waits for \(String(describing: next)), not \(String(describing: wanted))"
    }
  }
}
