import DiscoveryCore

extension AvahiTracker {
  /// A host that services name, and its addresses.
  struct Host: Sendable {
    /// The sightings that name it; it is browsed as long as there are any.
    var users: Set<Sighting.ID> = []
    var isBrowsed = false
    /// In a row.
    var failures = 0
    var records: Set<HostRecord> = []
  }

  mutating func retainHost(_ name: String, for id: Sighting.ID) {
    if hosts[name] == nil {
      hosts[name] = Host()
      requestHost(name)
    }
    hosts[name]?.users.insert(id)
  }

  mutating func releaseHost(_ name: String, for id: Sighting.ID) {
    guard var host = hosts[name] else { return }
    host.users.remove(id)
    guard host.users.isEmpty else {
      hosts[name] = host
      return
    }
    hosts[name] = nil
    deadlines.cancel(.host(name))
    if host.isBrowsed { act(.stopHostBrowser(name)) }
  }

  /// Browses the host as soon as nothing more urgent is left.
  mutating func requestHost(_ name: String) {
    waitingHosts.append(name)
  }

  /// Starts browsing the next host that still wants it.
  mutating func startWaitingHost() {
    while !waitingHosts.isEmpty {
      let name = waitingHosts.removeFirst()
      guard hosts[name]?.isBrowsed == false else { continue }
      hosts[name]?.isBrowsed = true
      deadlines.cancel(.host(name))
      act(.startHostBrowser(name, ipv6: settings.ipv6))
      return
    }
  }

  /// Browses each host anew: `ipv6` was turned on or off.
  mutating func restartHosts() {
    for name in hosts.keys.sorted() {
      guard var host = hosts[name] else { continue }
      let wasBrowsed = host.isBrowsed
      host.isBrowsed = false
      if !settings.ipv6 { host.records = host.records.filter { $0.address.family == .ipv4 } }
      hosts[name] = host
      if wasBrowsed {
        act(.stopHostBrowser(name))
        requestHost(name)
      }
      for id in Self.sorted(host.users) { markDirty(id) }
    }
  }

  mutating func hostRecordAppeared(_ name: String, _ record: HostRecord, at now: Uptime) {
    guard var host = hosts[name], host.isBrowsed else { return }
    host.failures = 0
    if host.records.count < Self.maximumHostRecords, host.records.insert(record).inserted {
      hosts[name] = host
      markUsers(of: host, onInterface: record.interfaceIndex, .came, at: now)
    } else {
      hosts[name] = host
    }
  }

  mutating func hostRecordVanished(_ name: String, _ record: HostRecord, at now: Uptime) {
    guard var host = hosts[name], host.records.remove(record) != nil else { return }
    hosts[name] = host
    markUsers(of: host, onInterface: record.interfaceIndex, .went, at: now)
  }

  mutating func hostBrowserFailed(_ name: String, at now: Uptime) {
    guard var host = hosts[name], host.isBrowsed else { return }
    act(.stopHostBrowser(name))
    host.isBrowsed = false
    host.failures += 1
    hosts[name] = host
    deadlines.set(
      .host(name),
      at: now.advanced(by: Self.backOff(after: host.failures, longest: .seconds(60))))
  }

  /// Without zones.
  func hostAddresses(of name: String?, onInterface index: Int32) -> [Address] {
    guard let host = name.flatMap({ hosts[$0] }) else { return [] }
    return host.records.filter { $0.interfaceIndex == index }.map(\.address)
  }

  private mutating func markUsers(
    of host: Host, onInterface index: Int32, _ change: AddressChange, at now: Uptime
  ) {
    for id in Self.sorted(host.users) where sightings[id]?.interface.index == index {
      addressChanged(of: id, change, at: now)
    }
  }

  /// What became of an address.
  enum AddressChange: Sendable {
    case came
    case went
  }

  /// Tells the addresses of a new sighting as they come in, and a replaced address of an old one as
  /// one change: when its counterpart was seen too, or nothing more is to be expected.
  mutating func addressChanged(of id: Sighting.ID, _ change: AddressChange, at now: Uptime) {
    guard var sighting = sightings[id] else { return }
    defer { sightings[id] = sighting }
    if change == .came { sighting.lastAddressCame = now }
    let isNew = sighting.resolvedSince.map { $0.advanced(by: Self.addressSettling) > now } ?? true
    let isPending = deadlines.contains(.addresses(id))
    let isReplacement =
      change == .came
      ? isPending && sighting.pendingAddress == .went
      : sighting.lastAddressCame.map { $0.advanced(by: Self.replacementTime) > now } ?? false
    if sighting.resolution == nil || isNew || isReplacement {
      guard !sighting.isDirty else { return }
      sighting.isDirty = true
      dirty.append(id)
    } else if !isPending {
      sighting.pendingAddress = change
      deadlines.set(.addresses(id), at: now.advanced(by: Self.addressSettling))
    }
  }
}
