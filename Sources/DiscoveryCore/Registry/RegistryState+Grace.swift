// Grace periods and lifetimes: when a backend goes for good.

extension RegistryState {
  /// The last sighting went at `now`: the backend stays for the grace period, its status unknown.
  mutating func beginGrace(_ entry: Int, at now: Moment) {
    entries[entry].graceEnds = now.advanced(by: settings.gracePeriod)
    entries[entry].health.status = .unknown
    outdateChecks(of: entry, at: now)
    touch(entry, .presence)
    schedule(entry)
  }

  mutating func endGrace(_ entry: Int, at now: Moment) {
    if entries[entry].graceEnds != nil { outdateChecks(of: entry, at: now) }
    entries[entry].graceEnds = nil
    schedule(entry)
  }

  /// When the backend's grace period ends, or its first sighting with a lifetime does.
  func deadline(of entry: Int) -> Uptime? {
    guard entries.contains(entry) else { return nil }
    if let graceEnds = entries[entry].graceEnds { return graceEnds.uptime }
    var earliest: Uptime?
    for member in entries[entry].members {
      guard let lifetime = claims[member].source.timeToLive else { continue }
      for held in claims[member].held {
        let end = held.lastSeen.uptime.advanced(by: lifetime)
        earliest = earliest.map { min($0, end) } ?? end
      }
    }
    return earliest
  }

  /// Puts the backend's deadline into the queue, in place of the one that was there.
  mutating func schedule(_ entry: Int) {
    if let deadline = deadline(of: entry) {
      deadlines.set(entry, at: deadline)
    } else {
      deadlines.cancel(entry)
    }
  }

  mutating func expireEntry(_ entry: Int, at now: Moment) {
    if let graceEnds = entries[entry].graceEnds {
      if graceEnds.uptime <= now.uptime { remove(entry) } else { schedule(entry) }
      return
    }
    let expired = entries[entry].members.flatMap { member -> [(SourceKind, Sighting.ID)] in
      guard let lifetime = claims[member].source.timeToLive else { return [] }
      return claims[member].held
        .filter { $0.lastSeen.uptime.advanced(by: lifetime) <= now.uptime }
        .map { (claims[member].source, $0.sighting.id) }
    }
    for (source, id) in expired { removed(id, from: source, at: now) }
    if entries.contains(entry) { schedule(entry) }
  }
}
