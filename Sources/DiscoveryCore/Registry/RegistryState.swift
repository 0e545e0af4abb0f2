/// The registry as a pure state machine: what sources report goes in, committed changes come out.
///
/// It has no clock, task, lock or logger. Nothing else changes a backend. A call costs what the
/// event touches, never what the registry holds, but for new settings, a new network, and a source
/// that fails or has delivered its full set.
package struct RegistryState {
  /// What the configuration says of it.
  package struct Settings: Hashable, Sendable {
    package var gracePeriod: Duration = .seconds(60)
    package var maxBackends = 4096
    package var trust = TrustSettings()
    package var prefer = Address.Family.ipv4
    /// False: nobody checks backends, so that every status is unknown.
    package var checksHealth = true

    package init() {}

    package init(_ configuration: Configuration) {
      self.init(configuration.discovery)
      checksHealth = configuration.healthCheck.enabled
    }

    package init(_ discovery: DiscoverySettings) {
      gracePeriod = discovery.gracePeriod
      maxBackends = discovery.maxBackends
      trust = discovery.trust
      prefer = discovery.prefer
    }
  }

  /// What one call led to.
  package struct Outcome: Equatable, Sendable {
    package var changes: [RegistryChange] = []
    package var notices: [RegistryNotice] = []
    /// The backend whose check found what was known already.
    package var checked: [BackendID] = []
  }

  /// At most this many claims in one backend, so that a crowd on one address stays cheap.
  static let maximumClaimsPerBackend = 64
  /// At most this many sightings of one instance (interfaces × protocols).
  static let maximumSightingsPerClaim = 64
  /// At most this many addresses of one sighting.
  static let maximumAddressesPerSighting = 32

  var settings: Settings
  var policy: AddressPolicy
  package private(set) var revision: UInt64 = 0

  var claims = SlotArray<Claim>()
  var entries = SlotArray<Entry>()
  var claimsByKey = SlotIndex()
  var entriesByID = SlotIndex()
  /// Whose leader has a key; no two leaders share one, or they would be one backend.
  var entriesByLeaderKey = SlotIndex()
  /// When each entry has to be looked at: the end of its grace period, or of a lifetime.
  var deadlines = DeadlineQueue<Int>()
  var sightingCount = 0
  var nextOrder: UInt64 = 0
  var sources: [SourceKind: SourceStatus] = [:]
  /// What an earlier run knew of claims that have not been made again.
  var births: [Claim.Key: Birth] = [:]

  /// Entries of which something may have changed in this call, in the order that they were touched.
  var touched: [Int] = []
  var dissolved: [Backend] = []
  /// Those of the backend that was looked at last.
  var lastInterfaces: [String] = []
  private var notices: [RegistryNotice] = []
  /// How often each reason to skip occurred, from the start on.
  package private(set) var skipCounts: [RegistryNotice.SkipReason: Int] = [:]
  /// False: who is refused is counted and not told.
  package var tellsSkips = true
  var limitsReported: Set<RegistryNotice.Limit> = []

  /// A registry without backends; its revisions follow `firstRevision`, which differs from one run to
  /// the next where a reader of the one must not be taken for a reader of the other.
  package init(
    settings: Settings = Settings(), network: LocalNetwork = LocalNetwork(),
    firstRevision: UInt64 = 0
  ) {
    self.settings = settings
    revision = firstRevision
    policy = AddressPolicy(trust: settings.trust, prefer: settings.prefer, network: network)
  }

  // MARK: - Events

  /// Takes what `source` reports at `now`, in order, as one change of each backend at most; nothing
  /// comes of what changes nothing.
  package mutating func apply(
    _ events: some Sequence<DiscoveryEvent>, from source: SourceKind, at now: Moment
  ) -> Outcome {
    for event in events { take(event, from: source, at: now) }
    return commit()
  }

  package mutating func apply(
    _ event: DiscoveryEvent, from source: SourceKind, at now: Moment
  ) -> Outcome {
    take(event, from: source, at: now)
    return commit()
  }

  private mutating func take(_ event: DiscoveryEvent, from source: SourceKind, at now: Moment) {
    switch event {
    case .sourceConnected: connected(source, at: now)
    case .serviceFound(let sighting): found(sighting, from: source, at: now)
    case .serviceRemoved(let id): removed(id, from: source, at: now)
    case .fullSetDelivered: fullSetDelivered(by: source, at: now)
    case .sourceFailed(let reason): failed(source, reason: reason, at: now)
    case .sourceLimited(let limits): limited(source, by: limits, at: now)
    }
  }

  /// Removes what is due at `now`: ended grace periods, and sightings past their lifetime.
  package mutating func expire(at now: Moment) -> Outcome {
    for entry in deadlines.takeDue(at: now.uptime) where entries.contains(entry) {
      expireEntry(entry, at: now)
    }
    return commit()
  }

  /// When `expire` has something to do; nil for never.
  package var nextDeadline: Uptime? { deadlines.earliest }

  /// Changes what the configuration says; what it no longer admits goes, and a grace period that runs
  /// keeps its end.
  package mutating func update(settings: Settings, at now: Moment) -> Outcome {
    self.settings = settings
    limitsReported = []
    policy.trust = settings.trust
    policy.prefer = settings.prefer
    if !settings.checksHealth { forgetHealth(at: now) }
    reviewSightings(at: now)
    for entry in Array(entries.indices) { touch(entry) }
    return commit()
  }

  /// Changes this machine's place in the network: the order of addresses and what is local.
  package mutating func update(network: LocalNetwork, at now: Moment) -> Outcome {
    guard network != policy.network else { return Outcome() }
    policy.network = network
    reviewSightings(at: now)
    for claim in Array(claims.indices) where claims.contains(claim) {
      rekey(claim, from: claims[claim].keys, at: now)
    }
    for entry in Array(entries.indices) { touch(entry) }
    return commit()
  }

  /// Switches a source's place in `status` on or off; its sightings are its own affair.
  package mutating func declare(_ source: SourceKind, enabled: Bool, at now: Moment) {
    var status = SourceStatus(
      source: source, state: enabled ? .waiting : .disabled, since: now.wall)
    // What was restored is there before its source is.
    for slot in claims.indices where claims[slot].source == source && !claims[slot].isDeparted {
      status.sightings += claims[slot].held.count
    }
    sources[source] = status
  }

  // MARK: - Commit

  /// Tells it with the call's outcome.
  mutating func note(_ notice: RegistryNotice) {
    if case .skipped(_, _, let reason) = notice {
      skipCounts[reason, default: 0] += 1
      // A listed server at another URL than its owner may expect is worth a word in any case.
      guard tellsSkips || reason == .apiPathRefused else { return }
    }
    notices.append(notice)
  }

  /// Gives each touched entry whose view changed its revision.
  mutating func commit() -> Outcome {
    var outcome = Outcome(notices: notices)
    notices = []
    for backend in dissolved {
      outcome.changes.append(change(.removed, backend, previous: nil))
    }
    dissolved = []
    for slot in touched where entries.contains(slot) && entries[slot].touched != .nothing {
      commit(slot, to: &outcome)
    }
    touched.removeAll(keepingCapacity: true)
    return outcome
  }

  private mutating func commit(_ slot: Int, to outcome: inout Outcome) {
    var backend = view(of: slot)
    entries[slot].touched = .nothing
    guard let previous = entries[slot].committed.take() else {
      entries[slot].committed = backend
      outcome.changes.append(change(.added, backend, previous: nil))
      return
    }
    // Facts that are the same are kept once, and known by that.
    if previous.facts == backend.facts { backend.facts = previous.facts }
    entries[slot].committed = backend
    if let kind = Self.kind(from: previous, to: backend) {
      outcome.changes.append(change(kind, backend, previous: previous))
    }
  }

  /// What of a backend may have changed in this call.
  mutating func touch(_ entry: Int, _ what: Entry.Touch = .everything) {
    if entries[entry].touched == .nothing { touched.append(entry) }
    if entries[entry].touched.rawValue < what.rawValue { entries[entry].touched = what }
  }

  /// Takes the touched entries as they are, as if they had been there all along.
  mutating func commitSilently() {
    let before = revision
    _ = commit()
    revision = before
  }

  private mutating func change(
    _ kind: RegistryChange.Kind, _ backend: consuming Backend, previous: consuming Backend?
  ) -> RegistryChange {
    revision += 1
    return RegistryChange(revision: revision, kind: kind, backend: backend, previous: previous)
  }

  /// What a consumer would call the step from one view to the next, which share facts that did not
  /// change; nil for no change.
  private static func kind(from previous: Backend, to next: Backend) -> RegistryChange.Kind? {
    if previous.expiresAt == nil, next.expiresAt != nil { return .disappeared }
    if previous.expiresAt != nil, next.expiresAt == nil { return .reappeared }
    if next.facts === previous.facts, next.status == previous.status,
      next.isStale == previous.isStale, next.expiresAt == previous.expiresAt
    {
      return nil
    }
    // A status that is lost because the address moved is no news of its own: the move is.
    let isStatus =
      next.status != previous.status
      && (next.status != .unknown || next.endpoint == previous.endpoint)
    return isStatus ? .status : .updated
  }
}
