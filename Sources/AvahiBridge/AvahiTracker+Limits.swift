import DiscoveryCore

// What keeps Avahi from telling all that there is, and how it is noticed.

extension AvahiTracker {
  /// Why something that was asked for did not come to be.
  package enum Failure: Hashable, Sendable {
    /// Nothing answered, or the answer was an error.
    case unanswered
    /// avahi-daemon grants no further object to any client.
    case noRoom
  }

  /// What wants an object of avahi-daemon's.
  enum Wanted: Hashable, Sendable {
    case browser(ServiceType)
    case resolver(Sighting.ID)
    case host(String)
  }

  /// What this source may be limited by, and what was told of it.
  struct Limits: Sendable {
    /// What avahi-daemon's configuration says.
    var daemon = AvahiDaemonLimits()
    /// What was refused an object for want of room.
    var starved: Set<Wanted> = []
    /// The links on which avahi-daemon's cache seems full.
    var fullCaches: [String] = []
    var told: [SourceLimit] = []
  }

  /// What avahi-daemon's cache holds of one interface and protocol, as far as it is known here.
  private struct CacheLoad {
    var services = 0
    var answered = 0
    /// Never resolved, though asked twice: what avahi-daemon should know of them it has dropped.
    var silent = 0
    var addresses = 0

    /// PTR, SRV, TXT, and A or AAAA records; other service types than ours take room too.
    var records: Int { services + 2 * answered + addresses }

    /// True when the cache is full, or nearly so and losing records of services that it announced.
    ///
    /// Avahi says nothing of it. A cache that holds clearly more than `limit` is a larger one than the
    /// configuration tells.
    func isFull(_ limit: Int) -> Bool {
      guard limit > 0, records <= limit + limit / 10 else { return false }
      if records >= limit - limit / 20 { return true }
      return records >= limit / 2 && silent >= 8 && silent * 20 >= services
    }
  }

  private struct Link: Hashable {
    let index: Int32
    let family: Address.Family
  }

  /// How long after a reason to look the cache is looked at: a burst is over by then.
  private static let cacheReviewDelay = Duration.seconds(10)

  /// Notes whether `wanted` was refused for want of room.
  mutating func note(_ failure: Failure?, for wanted: Wanted) {
    if failure == .noRoom {
      limits.starved.insert(wanted)
    } else {
      limits.starved.remove(wanted)
    }
  }

  /// Has the cache looked at soon, if there is enough in it for its limit to matter.
  mutating func requestCacheReview(at now: Uptime) {
    guard sightings.count * 8 >= limits.daemon.cacheEntries || !limits.fullCaches.isEmpty,
      !deadlines.contains(.cache)
    else { return }
    deadlines.set(.cache, at: now.advanced(by: Self.cacheReviewDelay))
  }

  mutating func reviewCache() {
    var loads: [Link: CacheLoad] = [:]
    for sighting in sightings.all {
      let link = Link(index: sighting.interface.index, family: sighting.family)
      loads[link, default: CacheLoad()].services += 1
      if sighting.resolution != nil {
        loads[link, default: CacheLoad()].answered += 1
      } else if !sighting.hasAnswered, sighting.failures >= 2 {
        loads[link, default: CacheLoad()].silent += 1
      }
    }
    for host in hosts.values {
      for record in host.records {
        let link = Link(index: record.interfaceIndex, family: record.family)
        loads[link, default: CacheLoad()].addresses += 1
      }
    }
    limits.fullCaches = loads.filter { $0.value.isFull(limits.daemon.cacheEntries) }.keys
      .map { "\(interfaceNames[$0.index] ?? "?") (\($0.family == .ipv4 ? "IPv4" : "IPv6"))" }
      .sorted()
  }

  /// Tells which limits hold now, if others than before: not while Avahi still lists or is away, when
  /// there is no telling.
  mutating func reviewLimits(after input: Input, at now: Uptime) {
    switch input {
    case .serviceNew, .serviceGone, .resolved, .resolverFailed: requestCacheReview(at: now)
    default: break
    }
    guard isConnected, !isListing else { return }
    let current = currentLimits
    guard current.map(\.name) != limits.told.map(\.name) else { return }
    limits.told = current
    act(.emit(.sourceLimited(current)))
  }

  private var currentLimits: [SourceLimit] {
    var current: [SourceLimit] = []
    if !limits.fullCaches.isEmpty {
      current.append(
        SourceLimit(
          name: .avahiCache,
          message: "avahi-daemon's cache is full on \(limits.fullCaches.joined(separator: ", ")),"
            + " so services stay unseen; to raise it, set cache-entries-max (now"
            + " \(limits.daemon.cacheEntries)) \(Self.remedy)"))
    }
    if !limits.starved.isEmpty {
      current.append(
        SourceLimit(
          name: .avahiObjects,
          message: "avahi-daemon grants no more objects, so services stay unresolved; to raise it,"
            + " set objects-per-client-max (now \(limits.daemon.objectsPerClient), for each of"
            + " \(AvahiClientPool.maximumClients) clients) and clients-max \(Self.remedy)"))
    }
    if !overflowed.isEmpty {
      current.append(
        SourceLimit(
          name: .sightings,
          message: "\(settings.maximumSightings) sightings are followed, further ones are ignored;"
            + " to raise it, set max_backends above \(settings.maximumSightings / 8)"))
    }
    return current
  }

  private static let remedy =
    "in section [server] of \(AvahiDaemonLimits.path) and restart avahi-daemon"
}
