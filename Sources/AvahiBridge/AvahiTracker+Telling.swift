import DiscoveryCore

// What the source says of its sightings, and when.

extension AvahiTracker {
  /// Reports the sighting as it is now, if that is news.
  mutating func tellIfChanged(_ id: Sighting.ID) {
    guard var sighting = sightings[id] else { return }
    sighting.isDirty = false
    deadlines.cancel(.addresses(id))
    let report = report(of: sighting, id: id)
    if let report, let resolution = sighting.resolution, sighting.told == nil,
      shouldWait(resolution, report)
    {
      sightings[id] = sighting
      deadlines.set(.addresses(id), at: resolution.since.advanced(by: Self.linkLocalPatience))
      return
    }
    if report == nil, sighting.resolution != nil, sighting.told != nil {
      // All that was told is of a family that is wanted no longer.
      sighting.told = nil
      act(.emit(.serviceRemoved(id)))
    }
    let isNews = report != nil && report != sighting.told
    if isNews {
      sighting.told = report
      untold.remove(id)
    }
    sightings[id] = sighting
    if isNews, let report { act(.emit(.serviceFound(report))) }
  }

  /// True while a new sighting has nothing but link-local or loopback addresses and its host's others may be on
  /// their way: which protocol answers first is chance, and a first URL that holds only for a blink
  /// helps nobody.
  private func shouldWait(_ resolution: Resolved, _ report: Sighting) -> Bool {
    !resolution.hasWaited && report.addresses.allSatisfy { $0.isLinkLocal || $0.isLoopback }
  }

  /// Time is up for waiting for other addresses: those that are there are told.
  mutating func tellAddresses(of id: Sighting.ID) {
    sightings[id]?.resolution?.hasWaited = true
    tellIfChanged(id)
  }

  /// The sighting to tell; nil while it is not resolved or has never had an address.
  func report(of sighting: TrackedSighting, id: Sighting.ID) -> Sighting? {
    guard let resolution = sighting.resolution else { return nil }
    var known = hostAddresses(of: sighting.host, onInterface: sighting.interface.index)
    // The resolver's own may be outdated by the host's records of that family.
    if let first = resolution.address, !known.contains(where: { $0.family == first.family }) {
      known.append(first)
    }
    var addresses = Set<Address>()
    for address in known where settings.ipv6 || address.family == .ipv4 {
      addresses.insert(
        address.family == .ipv4
          ? address
          : Address(ipv6High: address.high, low: address.low, zone: sighting.interface.name))
    }
    // Its host's last address went, but the service did not: the next one is on its way.
    if addresses.isEmpty, let told = sighting.told {
      addresses.formUnion(told.addresses.filter { settings.ipv6 || $0.family == .ipv4 })
    }
    guard !addresses.isEmpty else { return nil }
    return Sighting(
      id: id, name: sighting.instance.name, hostname: resolution.hostname, port: resolution.port,
      addresses: addresses.sorted(), instance: sighting.instance, txt: resolution.txt,
      isOwnAnnouncement: sighting.isOwn)
  }

  mutating func markDirty(_ id: Sighting.ID) {
    guard sightings[id]?.isDirty == false else { return }
    sightings[id]?.isDirty = true
    dirty.append(id)
  }

  mutating func tellDirty() {
    let changed = dirty
    dirty = []
    for id in changed where sightings[id]?.isDirty == true { tellIfChanged(id) }
  }
}
