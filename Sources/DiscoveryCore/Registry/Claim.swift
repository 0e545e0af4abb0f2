/// What one source says of one server: all its sightings under one identity, the unit of merging.
struct Claim {
  struct Key: Hashable {
    let identity: String
    let source: SourceKind

    init(source: SourceKind, identity: String) {
      self.source = source
      self.identity = identity
    }

    /// Names of two sources are seldom the same.
    func hash(into hasher: inout Hasher) {
      hasher.combine(identity)
    }
  }

  /// A sighting and what is known of it.
  struct Held {
    var sighting: Sighting
    var lastSeen: Moment
    /// Its source went down since, and has not repeated it.
    var isStale = false
    /// This machine serves it, as it was when the claim's keys were last considered.
    var isOnThisMachine = false

    var keys: [MatchKey] { sighting.matchKeys(onThisMachine: isOnThisMachine) }
  }

  static let vacant = Claim(source: .scan, order: 0, held: .many([]))

  /// Grows with each new claim: the older of two equals leads.
  let order: UInt64
  /// In order of their last change, so that the last one is current while the sightings of an
  /// instance differ (a port that changed reaches its IPv4 sighting before its IPv6 one).
  var held: Few<Held>
  let source: SourceKind
  /// True once its last sighting went; that sighting is kept to show and to recognise it.
  var isDeparted = false
  /// It advertises an API path that may not be used, which was said.
  var isPathRefused = false
  /// The backend that it belongs to; nil only while it is being placed.
  var entry: Int?

  /// A claim of what `held` says, of which there is at least one sighting.
  init(source: SourceKind, order: UInt64, held: Few<Held>) {
    self.source = source
    self.order = order
    self.held = held
  }

  var key: Key { Key(source: source, identity: current.id.identity) }

  /// The sighting that speaks for the claim.
  var current: Sighting { held.current }

  /// The keys by which its server is recognised.
  var keys: [MatchKey] { held.keys }

  /// Has its keys as a machine on `network` sees them.
  mutating func locate(on network: LocalNetwork) {
    for position in held.indices {
      let isHere = held[position].sighting.isOnThisMachine(network)
      if held[position].isOnThisMachine != isHere { held[position].isOnThisMachine = isHere }
    }
  }

  /// Puts what its source says now in place of what it said; the latest is the last one.
  mutating func replaceSighting(at position: Int, with sighting: Sighting, at now: Moment) {
    var latest = held[position]
    latest.sighting = sighting
    latest.lastSeen = now
    latest.isStale = false
    if position == held.count - 1 {
      held[position] = latest
    } else {
      held.remove(at: position)
      held.append(latest)
    }
  }

  /// What decides which claim leads: present ones first, then precedence, then age.
  func leads(_ other: Claim) -> Bool {
    if isDeparted != other.isDeparted { return other.isDeparted }
    if source != other.source { return source < other.source }
    return order < other.order
  }
}

extension SlotArray<Claim> {
  /// A claim's sightings. Not inlined: amid other things all of the claim would be copied.
  @inline(never)
  func held(by claim: Int) -> Few<Claim.Held> { self[claim].held }
}

// Of these, not of the claim, since what is read of one in a list is copied.
extension Few<Claim.Held> {
  func index(of id: Sighting.ID) -> Int? {
    for index in indices where self[index].sighting.id == id { return index }
    return nil
  }

  var current: Sighting {
    switch self {
    case .one(let held): held.sighting
    case .many(let held): held[held.count - 1].sighting
    }
  }

  /// Those of all sightings. Among many some are here twice: that does no harm, while to look each up
  /// among all others would let the network choose how long it takes.
  var keys: [MatchKey] {
    if case .one(let held) = self { return held.keys }
    var keys: [MatchKey] = []
    for held in self {
      if keys.isEmpty {
        keys = held.keys
      } else {
        keys += keys.count > 64 ? held.keys : held.keys.filter { !keys.contains($0) }
      }
    }
    return keys
  }

  func has(_ key: MatchKey) -> Bool {
    contains { $0.sighting.has(key, onThisMachine: $0.isOnThisMachine) }
  }
}

/// One backend: the claims that mean it, of which one leads.
struct Entry {
  static let vacant = Entry(
    id: BackendID(of: "", in: .dns), firstSeen: WallTime(milliseconds: 0), leader: 0,
    members: .many([]),
    health: RegistryState.Health(notBefore: Uptime(nanoseconds: 0)))

  let id: BackendID
  let firstSeen: WallTime
  var leader: Int
  /// All claims, the leader included.
  var members: Few<Int>
  /// When its grace period ends; nil while a claim is present.
  var graceEnds: Moment?
  /// What may have changed since it was last committed.
  var touched = Touch.nothing
  var health: RegistryState.Health
  /// As it was last committed; nil before the first commit.
  var committed: Backend?

  enum Touch: Int {
    case nothing
    /// How it is doing, but not what it is.
    case presence
    case everything
  }
}
