import DiscoveryCore

extension AvahiTracker {
  /// A host that services name, and its addresses.
  struct Host: Sendable {
    /// The slots of the sightings that name it; it is browsed as long as there are any.
    var users: Set<Slot> = []
    var isBrowsed = false
    /// In a row.
    var failures = 0
    var records: Set<HostRecord> = []
    /// Those of `records` that a former browser told and the present one has not.
    var unconfirmed: Set<HostRecord> = []
  }

  mutating func retainHost(_ name: String, for user: Slot) {
    if hosts[name] == nil {
      hosts[name] = Host()
      requestHost(name)
    }
    hosts[name]?.users.insert(user)
  }

  mutating func releaseHost(_ name: String, for user: Slot) {
    guard var host = hosts[name] else { return }
    host.users.remove(user)
    guard host.users.isEmpty else {
      hosts[name] = host
      return
    }
    hosts[name] = nil
    deadlines.cancel(.host(name))
    deadlines.cancel(.records(name))
    note(nil, for: .host(name))
    if host.isBrowsed { act(.stopHostBrowser(name)) }
  }

  /// Browses the host as soon as nothing more urgent is left.
  mutating func requestHost(_ name: String) {
    waitingHosts.append(name)
  }

  /// Starts browsing the next host that still wants it.
  mutating func startWaitingHost(at now: Uptime) {
    while let name = waitingHosts.popFirst() {
      guard var host = hosts[name], !host.isBrowsed else { continue }
      host.isBrowsed = true
      host.unconfirmed = host.records
      hosts[name] = host
      deadlines.cancel(.host(name))
      if !host.records.isEmpty {
        deadlines.set(.records(name), at: now.advanced(by: Self.recordPatience))
      }
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
      host.unconfirmed = []
      hosts[name] = host
      deadlines.cancel(.records(name))
      if wasBrowsed {
        act(.stopHostBrowser(name))
        requestHost(name)
      }
      for id in users(of: host) { markDirty(id) }
    }
  }

  mutating func hostRecordAppeared(_ name: String, _ record: HostRecord, at now: Uptime) {
    guard var host = hosts[name], host.isBrowsed else { return }
    host.failures = 0
    note(nil, for: .host(name))
    host.unconfirmed.remove(record)
    if host.records.count - host.unconfirmed.count < Self.maximumHostRecords,
      host.records.insert(record).inserted
    {
      hosts[name] = host
      markUsers(of: host, onInterface: record.interfaceIndex, .came, at: now)
    } else {
      hosts[name] = host
    }
  }

  mutating func hostRecordVanished(_ name: String, _ record: HostRecord, at now: Uptime) {
    guard var host = hosts[name], host.records.remove(record) != nil else { return }
    host.unconfirmed.remove(record)
    hosts[name] = host
    markUsers(of: host, onInterface: record.interfaceIndex, .went, at: now)
  }

  /// Forgets addresses that went while the host was not browsed, which nobody reports.
  mutating func dropUnconfirmedRecords(of name: String) {
    guard var host = hosts[name], !host.unconfirmed.isEmpty else { return }
    host.records.subtract(host.unconfirmed)
    host.unconfirmed = []
    hosts[name] = host
    for id in users(of: host) { markDirty(id) }
  }

  mutating func hostBrowserFailed(_ name: String, _ failure: Failure, at now: Uptime) {
    guard var host = hosts[name], host.isBrowsed else { return }
    note(failure, for: .host(name))
    act(.stopHostBrowser(name))
    host.isBrowsed = false
    host.failures += 1
    host.unconfirmed = []
    hosts[name] = host
    deadlines.cancel(.records(name))
    deadlines.set(
      .host(name),
      at: now.advanced(by: Self.backOff(after: host.failures, longest: .seconds(60))))
  }

  /// Without zones.
  func hostAddresses(of name: String?, onInterface index: Int32) -> [Address] {
    guard let host = name.flatMap({ hosts[$0] }) else { return [] }
    return host.records.filter { $0.interfaceIndex == index }.map(\.address)
  }

  private func users(of host: Host) -> [Sighting.ID] {
    Self.sorted(host.users.compactMap { sightings[slot: $0]?.id })
  }

  private mutating func markUsers(
    of host: Host, onInterface index: Int32, _ change: AddressChange, at now: Uptime
  ) {
    for id in users(of: host) where sightings[id]?.interface.index == index {
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
    if change == .came { sighting.resolution?.lastAddressCame = now }
    let resolution = sighting.resolution
    let isNew = resolution.map { $0.since.advanced(by: Self.addressSettling) > now } ?? true
    let isPending = deadlines.contains(.addresses(id))
    let isReplacement =
      change == .came
      ? isPending && sighting.pendingAddress == .went
      : resolution?.lastAddressCame.map { $0.advanced(by: Self.replacementTime) > now } ?? false
    if isNew || isReplacement {
      guard !sighting.isDirty else { return }
      sighting.isDirty = true
      dirty.append(id)
    } else if !isPending {
      sighting.pendingAddress = change
      deadlines.set(.addresses(id), at: now.advanced(by: Self.addressSettling))
    }
  }
}
