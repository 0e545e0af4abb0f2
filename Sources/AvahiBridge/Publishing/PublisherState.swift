import DiscoveryCore

/// Decides what to have avahi-daemon publish, under which names, and what to tell of it.
///
/// It holds no C object, clock or task: `PublisherSession` does what it returns, in order. A service
/// has a name that it wants on this host, and the one that it goes by: the same, unless somebody else
/// had that.
package struct PublisherState: Sendable {
  private static let longestBackOff = Duration.seconds(60)

  /// A service that is wanted, and how it stands.
  struct Entry: Sendable {
    enum Phase: Hashable, Sendable {
      /// Its group is empty, or there is none.
      case off
      case registering(AnnouncedService)
      case announced(AnnouncedService)
    }

    var wanted: AnnouncedService
    /// The name that it wants, with the host's name in it; nil until that is known.
    var key: ID?
    /// The name that it goes by.
    var instance = ""
    var phase = Phase.off
    /// Why it is not published, as was told.
    var refusal: String?
    var failures = 0
    var collisions = 0
    var collisionsSince: Uptime?
  }

  private enum Health: Hashable {
    case unknown
    case up
    case down(reason: String)
  }

  private var order: [ID] = []
  var entries: [ID: Entry] = [:]
  /// The host's name; nil while nothing can be published.
  private(set) var host: String?
  private var health = Health.unknown
  private var deadlines = DeadlineQueue<ID>()
  private var actions: [Action] = []

  /// The names that services go by instead of those that they want: `ID.name` is the latter.
  package internal(set) var alternatives: [ID: String]
  /// True while avahi-daemon's own configuration forbids publishing.
  package private(set) var isForbidden = false
  /// True as soon as something is to be published, and from then on.
  package private(set) var needsClient = false

  package init(alternatives: [ID: String] = [:]) {
    self.alternatives = alternatives
  }

  /// When `tick` is due; nil for never.
  package var nextDeadline: Uptime? { deadlines.earliest }

  /// Takes what happened and says what to do.
  package mutating func handle(_ input: Input, at now: Uptime) -> [Action] {
    switch input {
    case .wanted(let services): want(services)
    case .settling: settle()
    case .running(let host): run(on: host)
    case .disconnected(let reason): disconnect(reason)
    case .committed: becomeUp()
    case .obstructed(let id, let obstacle): obstructed(id, by: obstacle, at: now)
    case .updateFailed(let id): register(id, because: "its TXT record changes")
    case .group(let id, let state): groupIs(state, of: id, at: now)
    case .tick: for id in deadlines.takeDue(at: now) { register(id) }
    case .stop: want([], because: "announcing ends")
    }
    defer { actions = [] }
    return actions
  }

  // MARK: - What is wanted

  private mutating func want(
    _ services: [AnnouncedService], because reason: String = "it is not to be announced any more"
  ) {
    var wanted: [ID: AnnouncedService] = [:]
    var newOrder: [ID] = []
    for service in services where wanted[service.id] == nil {
      wanted[service.id] = service
      newOrder.append(service.id)
    }
    guard newOrder != order || newOrder.contains(where: { entries[$0]?.wanted != wanted[$0] })
    else { return }
    needsClient = needsClient || !services.isEmpty
    for id in order where wanted[id] == nil { remove(id, because: reason) }
    order = newOrder
    let wasForbidden = isForbidden
    isForbidden = false
    for id in order {
      guard let service = wanted[id] else { continue }
      if let former = entries[id]?.wanted {
        change(id, from: former, to: service, retries: wasForbidden)
      } else {
        entries[id] = Entry(wanted: service)
        name(id)
        register(id)
      }
    }
    if host != nil, order.isEmpty, !wasForbidden { becomeUp() }
  }

  private mutating func remove(_ id: ID, because reason: String) {
    takeOff(id, because: reason)
    act(.free(id))
    entries[id] = nil
    deadlines.cancel(id)
  }

  private mutating func change(
    _ id: ID, from former: AnnouncedService, to service: AnnouncedService, retries: Bool
  ) {
    entries[id]?.wanted = service
    switch entries[id]?.phase {
    case .off? where former != service || retries: register(id)
    case .registering? where former.port != service.port,
      .announced? where former.port != service.port:
      register(id, because: "its port changes")
    case .announced(let published)? where published != service: update(id)
    default: return
    }
  }

  // MARK: - avahi-daemon and the host's name

  private mutating func settle() {
    host = nil
    deadlines = DeadlineQueue()
    for id in order where entries[id]?.phase != .off {
      // What it names as its host is there no more.
      takeOff(id, because: "this host's name changes")
      act(.reset(id))
    }
  }

  private mutating func run(on name: String) {
    guard name != host else { return }
    if host != nil { settle() }
    host = name
    for id in order { entries[id]?.key = nil }
    for id in order { self.name(id) }
    if order.isEmpty { becomeUp() }
    for id in order { register(id) }
  }

  private mutating func disconnect(_ reason: String) {
    host = nil
    isForbidden = false
    deadlines = DeadlineQueue()
    for id in order {
      takeOff(id, because: reason)
      entries[id]?.refusal = nil
      entries[id]?.failures = 0
    }
    becomeDown(reason)
  }

  private mutating func becomeUp() {
    guard health != .up else { return }
    health = .up
    act(.emit(.up))
  }

  private mutating func becomeDown(_ reason: String) {
    guard health != .down(reason: reason) else { return }
    health = .down(reason: reason)
    act(.emit(.down(reason: reason)))
  }

  // MARK: - Publishing

  /// Puts it on the air (again), as it is wanted now; `reason` is why it leaves it for that.
  mutating func register(_ id: ID, because reason: String = "") {
    guard host != nil, !isForbidden, let entry = entries[id] else { return }
    takeOff(id, because: reason)
    deadlines.cancel(id)
    do throws(TextProblem) {
      _ = try ServiceRules.name(entry.instance)
    } catch {
      refuse(id, error.message(at: "its name on this host"), retryAt: nil)
      return
    }
    entries[id]?.phase = .registering(entry.wanted)
    act(.publish(entry.wanted, instance: entry.instance))
  }

  private mutating func update(_ id: ID) {
    guard let entry = entries[id] else { return }
    entries[id]?.phase = .announced(entry.wanted)
    act(.update(entry.wanted, instance: entry.instance))
  }

  /// Tells that it is off the air, if it was on it; the group is the caller's to empty.
  mutating func takeOff(_ id: ID, because reason: String) {
    guard let entry = entries[id] else { return }
    if case .announced = entry.phase {
      act(.emit(.withdrawn(id, instance: entry.instance, reason: reason)))
    }
    entries[id]?.phase = .off
  }

  private mutating func obstructed(_ id: ID, by obstacle: Obstacle, at now: Uptime) {
    guard case .registering? = entries[id]?.phase else { return }
    entries[id]?.phase = .off
    switch obstacle {
    case .collision:
      becomeUp()
      collided(id, at: now)
    case .notPermitted(let reason):
      isForbidden = true
      deadlines = DeadlineQueue()
      becomeDown(reason)
    case .other(let reason):
      becomeUp()
      failed(id, reason, at: now)
    }
  }

  private mutating func groupIs(_ state: GroupState, of id: ID, at now: Uptime) {
    guard let entry = entries[id], entry.phase != .off else { return }
    switch state {
    case .uncommitted, .registering: return
    case .collision: collided(id, at: now)
    case .failure(let reason):
      takeOff(id, because: reason)
      act(.reset(id))
      failed(id, reason, at: now)
    case .established:
      guard case .registering(let published) = entry.phase, let host else { return }
      entries[id]?.phase = .announced(published)
      entries[id]?.refusal = nil
      entries[id]?.failures = 0
      act(.emit(.announced(published, instance: entry.instance, host: host)))
      // Of its TXT record: a port that changed was published anew at once.
      if published != entry.wanted { update(id) }
    }
  }

  private mutating func failed(_ id: ID, _ reason: String, at now: Uptime) {
    guard let failures = entries[id]?.failures else { return }
    entries[id]?.failures = failures + 1
    let delay = AvahiTracker.backOff(after: failures + 1, longest: Self.longestBackOff)
    refuse(id, reason, retryAt: now.advanced(by: delay))
  }

  /// Tells, once, that it is not published and why; it is tried again then, or when something changes.
  mutating func refuse(_ id: ID, _ reason: String, retryAt: Uptime?) {
    if let retryAt { deadlines.set(id, at: retryAt) }
    guard entries[id]?.refusal != reason else { return }
    entries[id]?.refusal = reason
    act(.emit(.refused(id, reason: reason)))
  }

  /// Adds to what `handle` returns.
  mutating func act(_ action: Action) {
    actions.append(action)
  }
}
