import DiscoveryTestKit

@testable import DiscoveryCore

/// What the registry must do, written as plainly as can be: lists that are searched from end to end,
/// no indexes, no queue of deadlines, every view made anew from the facts whenever it is asked for.
///
/// It holds where "the same server" is plain too: all sightings of a claim name one server of
/// `ReferenceWorld`, so that any two claims share a key exactly when server and port agree. (Where an
/// announcement names two servers at once, who joins whom depends on the order; `RandomRun` checks
/// what holds then.)
struct ReferenceRegistry {
  struct Key: Hashable {
    let source: SourceKind
    let identity: String
  }

  struct Held {
    var sighting: Sighting
    var lastSeen: Moment
    var isStale = false
  }

  /// What one source says of one server.
  struct Claim {
    let key: Key
    let age: Int
    var held: [Held]
    var isDeparted = false

    var current: Sighting { held[held.count - 1].sighting }
    var place: ReferenceWorld.Place { ReferenceWorld.place(of: current) }
  }

  /// One backend: the claims in it, in the order in which they joined.
  struct Group {
    /// Differs for each backend that ever was, also where an id is given again.
    let birth: Int
    let id: BackendID
    let firstSeen: WallTime
    var members: [Key]
    var graceEnds: Moment?
  }

  var world = ReferenceWorld()
  var gracePeriod = Duration.seconds(5)
  private(set) var claims: [Claim] = []
  private(set) var groups: [Group] = []
  private var claimCount = 0
  private var groupCount = 0

  // MARK: - Events

  mutating func take(_ event: DiscoveryEvent, from source: SourceKind, at now: Moment) {
    switch event {
    case .serviceFound(let sighting): found(sighting, from: source, at: now)
    case .serviceRemoved(let id): removed(id, from: source, at: now)
    case .sourceConnected, .sourceLimited: break
    case .sourceFailed:
      for index in claims.indices where claims[index].key.source == source {
        guard !claims[index].isDeparted else { continue }
        for position in claims[index].held.indices { claims[index].held[position].isStale = true }
      }
    case .fullSetDelivered:
      // The oldest goes last, and is what the backend shows in its grace period.
      for claim in claims.reversed() where claim.key.source == source && !claim.isDeparted {
        for held in claim.held where held.isStale {
          removed(held.sighting.id, from: source, at: now)
        }
      }
    }
  }

  /// Follows new trust rules: what is present is reported again, as they admit it.
  mutating func review(at now: Moment) {
    for claim in claims where !claim.isDeparted {
      for held in claim.held
      where world.vetted(held.sighting, from: claim.key.source) != held.sighting {
        found(held.sighting, from: claim.key.source, at: now)
      }
    }
  }

  mutating func expire(at now: Moment) {
    for claim in claims where !claim.isDeparted {
      for held in claim.held {
        guard let end = Self.end(of: held, from: claim.key.source), end <= now.uptime else {
          continue
        }
        removed(held.sighting.id, from: claim.key.source, at: now)
      }
    }
    for group in groups {
      if let end = group.graceEnds, end.uptime <= now.uptime { remove(group) }
    }
  }

  var nextDeadline: Uptime? {
    let graces = groups.compactMap { $0.graceEnds?.uptime }
    let lifetimes = claims.filter { !$0.isDeparted }.flatMap { claim in
      claim.held.compactMap { Self.end(of: $0, from: claim.key.source) }
    }
    return (graces + lifetimes).min()
  }

  private static func end(of held: Held, from source: SourceKind) -> Uptime? {
    switch source {
    case .mesh, .scan, .endpoints: held.lastSeen.uptime.advanced(by: .seconds(60))
    default: nil
    }
  }

  // MARK: - Sightings

  private mutating func found(_ told: Sighting, from source: SourceKind, at now: Moment) {
    guard let sighting = world.vetted(told, from: source) else {
      removed(told.id, from: source, at: now)
      return
    }
    let key = Key(source: source, identity: sighting.id.identity)
    guard let index = claims.firstIndex(where: { $0.key == key }) else {
      claimCount += 1
      claims.append(
        Claim(key: key, age: claimCount, held: [Held(sighting: sighting, lastSeen: now)]))
      join(key, at: now)
      return
    }
    if claims[index].isDeparted {
      claims[index].isDeparted = false
      claims[index].held = []
      for group in groups.indices where groups[group].members.contains(key) {
        groups[group].graceEnds = nil
      }
    }
    if let position = claims[index].held.firstIndex(where: { $0.sighting == sighting }) {
      claims[index].held[position].lastSeen = now
      claims[index].held[position].isStale = false
    } else {
      claims[index].held.removeAll { $0.sighting.id == sighting.id }
      claims[index].held.append(Held(sighting: sighting, lastSeen: now))
    }
    follow(key, at: now)
  }

  private mutating func removed(_ id: Sighting.ID, from source: SourceKind, at now: Moment) {
    let key = Key(source: source, identity: id.identity)
    guard let index = claims.firstIndex(where: { $0.key == key }), !claims[index].isDeparted,
      claims[index].held.contains(where: { $0.sighting.id == id })
    else { return }
    guard claims[index].held.count == 1 else {
      claims[index].held.removeAll { $0.sighting.id == id }
      return
    }
    guard let group = groups.firstIndex(where: { $0.members.contains(key) }) else { return }
    if groups[group].members.count > 1 {
      groups[group].members.removeAll { $0 == key }
      forget(key)
    } else if [.mdns, .federation].contains(source) {
      claims[index].isDeparted = true
      groups[group].graceEnds = now.advanced(by: gracePeriod)
    } else {
      remove(groups[group])
    }
  }

  // MARK: - Backends

  /// The members of a backend, the one that leads it first.
  func ranked(_ group: Group) -> [Claim] {
    claims.filter { group.members.contains($0.key) }
      .sorted {
        if $0.key.source != $1.key.source { return $0.key.source < $1.key.source }
        return $0.age < $1.age
      }
  }

  private func leads(_ left: Claim, _ right: Claim) -> Bool {
    if left.isDeparted != right.isDeparted { return right.isDeparted }
    if left.key.source != right.key.source { return left.key.source < right.key.source }
    return left.age < right.age
  }

  /// Gives a claim that is in no backend its place.
  private mutating func join(_ key: Key, at now: Moment) {
    guard let claim = claims.first(where: { $0.key == key }) else { return }
    guard let group = groups.firstIndex(where: { ranked($0)[0].place == claim.place }) else {
      groupCount += 1
      groups.append(
        Group(birth: groupCount, id: freeID(of: key), firstSeen: now.wall, members: [key]))
      return
    }
    for member in ranked(groups[group]) where member.isDeparted { forget(member.key) }
    groups[group].graceEnds = nil
    groups[group].members.removeAll { member in !claims.contains { $0.key == member } }
    groups[group].members.append(key)
  }

  /// A claim may name another place than before: a backend goes where its leader goes, unless a
  /// better one leads there; who followed it stays behind.
  private mutating func follow(_ key: Key, at now: Moment) {
    guard let claim = claims.first(where: { $0.key == key }),
      let group = groups.firstIndex(where: { $0.members.contains(key) })
    else { return }
    let followers = ranked(groups[group]).filter { $0.key != key }
    if let first = followers.first, leads(first, claim) {
      guard first.place != claim.place else { return }
      groups[group].members.removeAll { $0 == key }
      join(key, at: now)
      return
    }
    let others = groups.filter { $0.birth != groups[group].birth }
    let there = others.first { ranked($0)[0].place == claim.place }
    if let there, leads(ranked(there)[0], claim) {
      groups[group].members.removeAll { $0 == key }
      groups.removeAll { $0.members.isEmpty }
      join(key, at: now)
      return
    }
    // The order in which they joined.
    let left = groups[group].members.filter { member in
      followers.contains { $0.key == member && $0.place != claim.place }
    }
    groups[group].members.removeAll(where: left.contains)
    if let there {
      for member in ranked(there) where member.isDeparted { forget(member.key) }
      groups[group].members += there.members.filter { member in
        claims.contains { $0.key == member }
      }
      groups.removeAll { $0.birth == there.birth }
    }
    for member in left { join(member, at: now) }
  }

  private mutating func remove(_ group: Group) {
    for member in group.members { forget(member) }
    groups.removeAll { $0.birth == group.birth }
  }

  private mutating func forget(_ key: Key) {
    claims.removeAll { $0.key == key }
  }

  private func freeID(of key: Key) -> BackendID {
    for attempt in 0... {
      let id = BackendID(
        of: key.identity, in: key.source == .mdns ? .dns : .url, attempt: attempt)
      if !groups.contains(where: { $0.id == id }) { return id }
    }
    preconditionFailure("numbers end")
  }
}
