import DiscoveryCore

/// Decides what to ask Avahi and what its answers mean: which service types are browsed, which
/// services are resolved, whose addresses are watched, what is tried again and when.
///
/// It holds no C object, clock or task: `AvahiSession` does what it returns, in order. A resolver
/// stays open as long as its service is there, since only an open one reports a changed port or TXT
/// record or a peer that died without a goodbye. It knows one address; the host's A and AAAA records
/// are browsed for the others, once per host.
package struct AvahiTracker: Sendable {
  /// The full set is called delivered this long after connecting, whatever is still open.
  private static let longestFullSet = Duration.seconds(10)
  /// Once connected again, the full set is not called delivered before Avahi has asked three times
  /// (after 0, 1 and 3 seconds): after its start peers are still answering when it says "all for now",
  /// and what is missing by then counts as gone.
  private static let shortestFullSetAgain = Duration.seconds(4)
  /// How long an address that came or went waits for its counterpart, so that a replaced address is
  /// one change: a record stays for a second beside its successor (RFC 6762 §10.2), counted anew with
  /// each announcement of that (§8.3; zeroconf sends three within 450 ms).
  static let addressSettling = Duration.milliseconds(1600)
  /// How long after an address came another one's going is taken for its counterpart.
  static let replacementTime = Duration.seconds(5)
  /// How long a new sighting with nothing but link-local addresses waits for others: over each
  /// protocol a host answers after 20 to 120 ms by itself (RFC 6762 §6).
  static let linkLocalPatience = Duration.milliseconds(150)
  /// How long a host browser that was made anew has for repeating what the former one told: Avahi asks
  /// three times, after 0, 1 and 3 seconds.
  static let recordPatience = Duration.seconds(4)
  /// More address records of one host than this are not kept.
  static let maximumHostRecords = 64

  var settings: Settings
  private(set) var isConnected = false
  private var failure: String?
  var browsers: [ServiceType: Browser] = [:]
  var sightings = SlotTable<TrackedSighting>()
  var hosts: [String: Host] = [:]
  var interfaceNames: [Int32: String] = [:]
  var deadlines = DeadlineQueue<Timed>()
  var lastResolver: UInt32 = 0
  /// Nil once the full set of this connection is delivered.
  private var fullSetDeadline: Uptime?
  /// The full set is not delivered before.
  private var fullSetEarliest: Uptime?
  private var wasConnected = false
  /// Sightings that have yet to be told, or to go, before the full set is there: one that fails at
  /// first (without a TXT record, or a link-local address alone) would count as gone and come back.
  var untold: Set<Sighting.ID> = []
  /// Sightings whose addresses changed, to be told when nothing more urgent is left.
  var dirty: [Sighting.ID] = []
  /// Hosts to browse when nothing more urgent is left.
  var waitingHosts = FIFO<String>()
  /// Sightings to resolve as soon as there is a place.
  var waitingSightings = FIFO<Sighting.ID>()
  var pace: ResolverPace
  /// Types of which services were ignored for want of room.
  var overflowed: Set<ServiceType> = []
  var limits = Limits()
  private var actions: [Action] = []

  /// Services that were ignored because `Settings.maximumSightings` were followed already.
  package internal(set) var ignoredCount = 0

  package init(settings: Settings, pace: ResolverPace = ResolverPace()) {
    self.settings = settings
    self.pace = pace
  }

  package var sightingCount: Int { sightings.count }

  /// How long the queue of those is that have yet to be asked for.
  package var waitingCount: Int { waitingSightings.count }

  /// When `tick` is due; nil for never.
  package var nextDeadline: Uptime? {
    [deadlines.earliest, fullSetEarliest ?? fullSetDeadline].compactMap { $0 }.min()
  }

  /// Takes what happened and says what to do.
  package mutating func handle(_ input: Input, at now: Uptime) -> [Action] {
    switch input {
    case .connected: connect(at: now)
    case .disconnected(let reason): disconnect(reason)
    case .configure(let settings): configure(settings)
    case .repeatAll: repeatAll()
    case .tick: tick(at: now)
    case .serviceNew(let service): serviceAppeared(service)
    case .serviceGone(let instance, let index, let family):
      serviceVanished(instance, interfaceIndex: index, family: family)
    case .allForNow(let type): browserListed(type)
    case .browserFailed(let type, let failure): browserFailed(type, failure, at: now)
    case .resolved(let id, let resolution): resolverAnswered(id, resolution, at: now)
    case .resolverFailed(let id, let failure): resolverFailed(id, failure, at: now)
    case .hostRecordNew(let host, let record): hostRecordAppeared(host, record, at: now)
    case .hostRecordGone(let host, let record): hostRecordVanished(host, record, at: now)
    case .hostBrowserFailed(let host, let failure): hostBrowserFailed(host, failure, at: now)
    case .daemonLimits(let daemon): limits.daemon = daemon
    }
    startWaitingResolvers(at: now)
    reviewFullSet(at: now)
    reviewLimits(after: input, at: now)
    defer { actions = [] }
    return actions
  }

  /// True while `idle()` has something to do.
  package var hasIdleWork: Bool { !dirty.isEmpty || !waitingHosts.isEmpty }

  /// What can wait until nothing else is to be done: telling changed addresses, all of a burst at
  /// once; then the next host whose addresses are wanted, one each time.
  package mutating func idle(at now: Uptime) -> [Action] {
    tellDirty()
    startWaitingHost(at: now)
    reviewFullSet(at: now)
    defer { actions = [] }
    return actions
  }

  mutating func act(_ action: Action) {
    actions.append(action)
  }

  private mutating func connect(at now: Uptime) {
    forgetAll()
    isConnected = true
    failure = nil
    fullSetDeadline = now.advanced(by: Self.longestFullSet)
    if wasConnected { fullSetEarliest = now.advanced(by: Self.shortestFullSetAgain) }
    wasConnected = true
    act(.emit(.sourceConnected))
    for type in settings.serviceTypes { startBrowser(type) }
    requestCacheReview(at: now)
  }

  private mutating func disconnect(_ reason: String) {
    forgetAll()
    isConnected = false
    guard failure != reason else { return }
    failure = reason
    act(.emit(.sourceFailed(reason: reason)))
  }

  private mutating func forgetAll() {
    browsers = [:]
    sightings = SlotTable()
    hosts = [:]
    interfaceNames = [:]
    deadlines = DeadlineQueue()
    fullSetDeadline = nil
    fullSetEarliest = nil
    untold = []
    dirty = []
    waitingHosts = FIFO()
    waitingSightings = FIFO()
    pace.reset()
    overflowed = []
    limits.starved = []
  }

  private mutating func configure(_ new: Settings) {
    let old = settings
    settings = new
    guard isConnected else { return }
    for type in old.serviceTypes where !new.serviceTypes.contains(type) { endBrowsing(type) }
    if old.ipv6 != new.ipv6 || old.interfaces != new.interfaces {
      dropUnwanted()
      for type in old.serviceTypes where new.serviceTypes.contains(type) { restartBrowser(type) }
      if old.ipv6 != new.ipv6 { restartHosts() }
    }
    for type in new.serviceTypes where browsers[type] == nil { startBrowser(type) }
    retryOverflowed()
  }

  private mutating func repeatAll() {
    for id in sightingIDs(where: { $0.told != nil }) {
      if let told = sightings[id]?.told { act(.emit(.serviceFound(told))) }
    }
    retryOverflowed()
  }

  private mutating func tick(at now: Uptime) {
    for due in deadlines.takeDue(at: now) {
      switch due {
      case .sighting(let id): startResolver(for: id)
      case .addresses(let id): tellAddresses(of: id)
      case .browser(let type): restartBrowser(type)
      case .host(let name): requestHost(name)
      case .records(let name): dropUnconfirmedRecords(of: name)
      case .cache: reviewCache()
      case .places: break
      }
    }
  }

  private mutating func reviewFullSet(at now: Uptime) {
    guard let deadline = fullSetDeadline else { return }
    if let earliest = fullSetEarliest {
      guard now >= earliest else { return }
      fullSetEarliest = nil
    }
    let isComplete = untold.isEmpty && browsers.values.allSatisfy(\.hasListed)
    guard isComplete || now >= deadline else { return }
    fullSetDeadline = nil
    untold = []
    act(.emit(.fullSetDelivered))
  }

  /// True until the first full set of this connection is delivered.
  var isListing: Bool { fullSetDeadline != nil }

  /// 1, 2, 4 … seconds, `longest` at most.
  static func backOff(after failures: Int, longest: Duration) -> Duration {
    min(longest, .seconds(1 << min(max(failures, 1) - 1, 20)))
  }
}
