import DiscoveryCore

extension AvahiTracker {
  /// One service on one interface over one protocol.
  struct TrackedSighting: Identifiable, Sendable {
    let instance: ServiceInstance
    /// Its name stays.
    var interface: Interface

    /// What it last resolved to; nil while it does not.
    var resolution: Resolved?
    /// What was last told of it; nil when it counts as gone.
    var told: Sighting?

    /// The resolver that answered and is kept open.
    var answering: Attempt?
    /// The resolver that has yet to answer: the first, a retry, or one that asks for the TXT record
    /// that `answering` does without.
    var asking: Attempt?
    /// The resolver that listens for the return of a service that was lost.
    var lookout: Lookout?
    /// In a row, of `asking`.
    var failures: Int32 = 0
    var browserGeneration: Int32

    let family: Address.Family
    var isOwn: Bool
    /// What worked last.
    var lookup: Lookup = [.txt, .address]
    /// True once it was resolved at all.
    var hasAnswered = false
    var isDirty = false
    /// True while a resolver is to be started for it as soon as one may.
    var isWaiting = false
    /// What became of the address that is to be told once its counterpart is there.
    var pendingAddress: AddressChange?

    init(_ service: BrowsedService, browserGeneration: Int32) {
      instance = service.instance
      interface = service.interface
      family = service.family
      isOwn = service.isOwn
      self.browserGeneration = browserGeneration
    }

    var id: Sighting.ID {
      Sighting.ID(identity: instance.fullName, interface: interface.name, family: family)
    }

    /// The host whose addresses it has.
    var host: String? { resolution?.host }
  }

  /// What of resolutions is kept, while one holds.
  struct Resolved: Sendable {
    /// The SRV target: in lower case below .local, and nil where it is no host name; as Avahi spells it
    /// elsewhere.
    let hostname: String?
    let txt: TXTRecord
    let address: Address?
    /// When it came after there was none.
    let since: Uptime
    /// When an address came last.
    var lastAddressCame: Uptime?
    let port: UInt16
    /// True once it may be told with nothing but link-local addresses.
    var hasWaited: Bool
    /// Avahi would ask the unicast DNS for others, and anyone could make it.
    private let isLocal: Bool

    init(_ resolution: Resolution, after former: Resolved?, at now: Uptime) {
      isLocal = HostName.isBelowLocal(resolution.hostName)
      hostname = isLocal ? HostName.normalized(resolution.hostName) : resolution.hostName
      txt = resolution.txt
      address = resolution.address
      port = resolution.port
      since = former?.since ?? now
      lastAddressCame = former?.lastAddressCame
      hasWaited = former?.hasWaited ?? false
    }

    /// The host whose addresses may be asked for; nil for none.
    var host: String? { isLocal ? hostname : nil }
  }

  /// A resolver and what it was asked for.
  struct Attempt: Sendable {
    let id: ResolverID
    let lookup: Lookup
  }

  /// A resolver of the SRV record alone, open while a service that did answer once does not: its PTR
  /// record outlives it by more than an hour, so that no browser tells when it is back.
  struct Lookout: Sendable {
    let id: ResolverID
    /// Its first word tells how things are, each later answer of a return.
    var hasReported = false
  }

  private static let longestRetry = Duration.seconds(60)
  private static let longestTXTRetry = Duration.seconds(3600)

  /// What to ask for, one failure after the other: a service without (or with a malformed) TXT
  /// record, or without an address of the protocol it is asked over, never resolves with both. The
  /// likeliest of these is asked for twice, as one answer may be lost.
  private static let lookups: [Lookup] = [[.txt, .address], [.address], [.address], [.txt], []]

  /// Starts the next resolver of `id`, unless one is still asking, when its turn comes.
  mutating func startResolver(for id: Sighting.ID) {
    guard let sighting = sightings[id], sighting.asking == nil, !sighting.isWaiting else { return }
    sightings[id]?.isWaiting = true
    deadlines.cancel(.sighting(id))
    waitingSightings.append(id)
    // Those that went while they waited, and came again, are not to fill it.
    if waitingSightings.count > 2 * sightings.count + 64 {
      var kept: Set<Sighting.ID> = []
      waitingSightings.removeAll { sightings[$0]?.isWaiting != true || !kept.insert($0).inserted }
    }
  }

  /// Starts as many of those that wait as may ask at once.
  mutating func startWaitingResolvers(at now: Uptime) {
    while let id = waitingSightings.first {
      guard var sighting = sightings[id], sighting.isWaiting else {
        waitingSightings.popFirst()
        continue
      }
      guard let resolver = newResolver(for: id), pace.take(for: resolver, at: now) else { break }
      waitingSightings.popFirst()
      let lookup = Self.nextLookup(of: sighting)
      sighting.isWaiting = false
      sighting.asking = Attempt(id: resolver, lookup: lookup)
      // Set anew when one that answered failed meanwhile.
      deadlines.cancel(.sighting(id))
      sightings[id] = sighting
      request(resolver, of: sighting, lookup)
    }
    guard !waitingSightings.isEmpty, let due = pace.nextDeadline else {
      return deadlines.cancel(.places)
    }
    if !deadlines.contains(.places) { deadlines.set(.places, at: due) }
  }

  private mutating func startLookout(for id: Sighting.ID) {
    guard var sighting = sightings[id], sighting.lookout == nil else { return }
    guard let resolver = newResolver(for: id) else { return }
    sighting.lookout = Lookout(id: resolver)
    sightings[id] = sighting
    request(resolver, of: sighting, [])
  }

  private mutating func newResolver(for id: Sighting.ID) -> ResolverID? {
    lastResolver &+= 1
    return sightings.slot(of: id).map { ResolverID(number: lastResolver, slot: $0) }
  }

  /// The sighting that a resolver is for, as long as it is open.
  private func sighting(resolvedBy resolver: ResolverID) -> TrackedSighting? {
    guard let sighting = sightings[slot: resolver.slot] else { return nil }
    let isOpen =
      sighting.answering?.id == resolver || sighting.asking?.id == resolver
      || sighting.lookout?.id == resolver
    return isOpen ? sighting : nil
  }

  private mutating func request(
    _ resolver: ResolverID, of sighting: TrackedSighting, _ lookup: Lookup
  ) {
    act(
      .startResolver(
        ResolverRequest(
          id: resolver, instance: sighting.instance, interface: sighting.interface,
          family: sighting.family, lookup: lookup)))
  }

  private static func nextLookup(of sighting: TrackedSighting) -> Lookup {
    // It works without TXT: ask for that, with an address and without.
    guard sighting.answering == nil else {
      return sighting.failures.isMultiple(of: 2) ? [.txt, .address] : [.txt]
    }
    let first = lookups.firstIndex(of: sighting.lookup) ?? 0
    return lookups[(first + Int(sighting.failures)) % lookups.count]
  }

  mutating func resolverAnswered(
    _ resolver: ResolverID, _ resolution: Resolution, at now: Uptime
  ) {
    guard var sighting = sighting(resolvedBy: resolver) else { return }
    let id = sighting.id
    guard sighting.lookout?.id != resolver else { return lookoutAnswered(of: id) }
    if let asking = sighting.asking, asking.id == resolver {
      if let replaced = sighting.answering { stop(replaced.id) }
      if let lookout = sighting.lookout { stop(lookout.id) }
      pace.release(resolver)
      sighting.lookout = nil
      sighting.answering = asking
      sighting.asking = nil
      sighting.failures = 0
      sighting.lookup = asking.lookup
      if !asking.lookup.contains(.txt) {
        deadlines.set(.sighting(id), at: now.advanced(by: .seconds(1)))
      }
    }
    let formerHost = sighting.host
    sighting.resolution = Resolved(resolution, after: sighting.resolution, at: now)
    sighting.hasAnswered = true
    note(nil, for: .resolver(id))
    let host = sighting.host
    sightings[id] = sighting
    if formerHost != host {
      if let host { retainHost(host, for: resolver.slot) }
      if let formerHost { releaseHost(formerHost, for: resolver.slot) }
    }
    if var told = sighting.told, let report = report(of: sighting, id: id) {
      guard told != report else { return }
      told.addresses = report.addresses
      guard told != report else { return addressChanged(of: id, .came, at: now) }
    }
    tellIfChanged(id)
  }

  /// The service has its SRV record again: it is resolved at once, as it last could be.
  private mutating func lookoutAnswered(of id: Sighting.ID) {
    guard let isReturn = sightings[id]?.lookout?.hasReported else { return }
    sightings[id]?.lookout?.hasReported = true
    guard isReturn else { return }
    sightings[id]?.failures = 0
    startResolver(for: id)
  }

  mutating func resolverFailed(_ resolver: ResolverID, _ failure: Failure, at now: Uptime) {
    guard var sighting = sighting(resolvedBy: resolver) else { return }
    let id = sighting.id
    if sighting.lookout?.id == resolver {
      // It goes on after a failure; one that could not be made is done without.
      if failure == .noRoom {
        stop(resolver)
        sightings[id]?.lookout = nil
      } else {
        sightings[id]?.lookout?.hasReported = true
      }
      return
    }
    note(failure, for: .resolver(id))
    // A resolver that lived through a failure goes on with what was true before it (avahi issue 95).
    stop(resolver)
    let longest: Duration
    if let asking = sighting.asking, asking.id == resolver {
      pace.release(resolver)
      sighting.asking = nil
      sighting.failures += 1
      longest = sighting.answering == nil ? Self.longestRetry : Self.longestTXTRetry
      sightings[id] = sighting
    } else {
      let host = sighting.host
      sighting.answering = nil
      sighting.resolution = nil
      longest = Self.longestRetry
      let told = sighting.told
      sighting.told = nil
      deadlines.cancel(.addresses(id))
      sightings[id] = sighting
      if let host { releaseHost(host, for: resolver.slot) }
      if told != nil { act(.emit(.serviceRemoved(id))) }
      guard sighting.asking == nil else { return }
    }
    let delay = Self.backOff(after: Int(sighting.failures), longest: longest)
    deadlines.set(.sighting(id), at: now.advanced(by: delay))
    if sighting.answering == nil, sighting.hasAnswered { startLookout(for: id) }
  }

  /// Ends all resolving of a sighting; what was told of it stays told.
  mutating func stopResolving(_ id: Sighting.ID) {
    guard let slot = sightings.slot(of: id), var sighting = sightings[slot: slot] else { return }
    if let attempt = sighting.asking {
      pace.release(attempt.id)
      stop(attempt.id)
    }
    if let attempt = sighting.answering { stop(attempt.id) }
    if let lookout = sighting.lookout { stop(lookout.id) }
    deadlines.cancel(.sighting(id))
    deadlines.cancel(.addresses(id))
    note(nil, for: .resolver(id))
    let host = sighting.host
    sighting.asking = nil
    sighting.isWaiting = false
    sighting.answering = nil
    sighting.lookout = nil
    sighting.resolution = nil
    sighting.failures = 0
    sightings[id] = sighting
    if let host { releaseHost(host, for: slot) }
  }

  private mutating func stop(_ resolver: ResolverID) {
    act(.stopResolver(resolver))
  }
}
