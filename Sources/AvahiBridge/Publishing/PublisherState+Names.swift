import DiscoveryCore

// Under which name a service goes.

extension PublisherState {
  /// So many names that others have are tried within `collisionWindow`; then it waits for as long, and
  /// begins with the wanted one again.
  package static let maximumCollisions = 20
  package static let collisionWindow = Duration.seconds(60)

  /// Gives the service a name of its own on this host.
  mutating func name(_ id: ID) {
    guard let host, let entry = entries[id] else { return }
    var key = ID(name: entry.wanted.instanceName(onHost: host), type: id.type)
    let others = Set(entries.filter { $0.key != id }.values.compactMap(\.key))
    while others.contains(key) {
      key = ID(name: AvahiNames.alternative(to: key.name), type: id.type)
    }
    entries[id]?.key = key
    rename(id, to: alternatives[key] ?? key.name)
  }

  /// Has the service go by `name`, or by the next one that no other service of ours has, and keeps
  /// that in mind.
  private mutating func rename(_ id: ID, to name: String) {
    guard let key = entries[id]?.key else { return }
    let others = entries.filter { $0.key != id && $0.key.type == id.type && $0.value.key != nil }
    let taken = Set(others.values.map(\.instance))
    var name = name
    while taken.contains(name) { name = AvahiNames.alternative(to: name) }
    entries[id]?.instance = name
    alternatives[key] = name == key.name ? nil : name
  }

  /// Somebody else has the name that it goes by: tries the next one, or waits after too many.
  mutating func collided(_ id: ID, at now: Uptime) {
    guard var entry = entries[id], let key = entry.key else { return }
    takeOff(id, because: "another has the name \"\(entry.instance)\"")
    if entry.collisionsSince.map({ $0.duration(to: now) >= Self.collisionWindow }) ?? true {
      entry.collisions = 0
      entry.collisionsSince = now
    }
    entry.collisions += 1
    entries[id]?.collisions = entry.collisions
    entries[id]?.collisionsSince = entry.collisionsSince
    if entry.collisions < Self.maximumCollisions {
      rename(id, to: AvahiNames.alternative(to: entry.instance))
      register(id)
      return
    }
    entries[id]?.collisionsSince = nil
    rename(id, to: key.name)
    act(.reset(id))
    refuse(
      id, "\(entry.collisions) names in a row are taken, up to \"\(entry.instance)\"",
      retryAt: now.advanced(by: Self.collisionWindow))
  }
}
