import DiscoveryCore

extension AvahiTracker {
  /// The browser of one service type.
  struct Browser: Sendable {
    var isRunning = true
    /// Which start of it this is: a service that a later one did not list is gone.
    var generation: Int32 = 1
    /// AVAHI_BROWSER_ALL_FOR_NOW came since it was started.
    var hasListed = false
    /// In a row.
    var failures = 0
  }

  mutating func startBrowser(_ type: ServiceType) {
    guard browsers[type] == nil else { return }
    browsers[type] = Browser()
    act(.startBrowser(type, ipv6: settings.ipv6))
  }

  /// Makes the browser of `type` anew, whereupon it reports again what there is.
  mutating func restartBrowser(_ type: ServiceType) {
    guard var browser = browsers[type] else { return }
    if browser.isRunning { act(.stopBrowser(type)) }
    browser.isRunning = true
    browser.generation += 1
    browser.hasListed = false
    browsers[type] = browser
    deadlines.cancel(.browser(type))
    overflowed.remove(type)
    act(.startBrowser(type, ipv6: settings.ipv6))
  }

  /// Browses `type` no longer; its sightings go.
  mutating func endBrowsing(_ type: ServiceType) {
    guard let browser = browsers.removeValue(forKey: type) else { return }
    if browser.isRunning { act(.stopBrowser(type)) }
    deadlines.cancel(.browser(type))
    overflowed.remove(type)
    note(nil, for: .browser(type))
    for id in sightingIDs(where: { $0.instance.type == type }) { drop(id) }
  }

  mutating func browserFailed(_ type: ServiceType, _ failure: Failure, at now: Uptime) {
    note(failure, for: .browser(type))
    guard var browser = browsers[type], browser.isRunning else { return }
    act(.stopBrowser(type))
    browser.isRunning = false
    browser.failures += 1
    browsers[type] = browser
    deadlines.set(
      .browser(type),
      at: now.advanced(by: Self.backOff(after: browser.failures, longest: .seconds(60))))
  }

  mutating func browserListed(_ type: ServiceType) {
    guard var browser = browsers[type], browser.isRunning else { return }
    let isFirst = !browser.hasListed
    browser.hasListed = true
    browser.failures = 0
    note(nil, for: .browser(type))
    browsers[type] = browser
    guard isFirst, browser.generation > 1 else { return }
    let generation = browser.generation
    for id in sightingIDs(where: {
      $0.instance.type == type && $0.browserGeneration != generation
    }) {
      drop(id)
    }
  }

  mutating func serviceAppeared(_ service: BrowsedService) {
    guard let browser = browsers[service.instance.type], browser.isRunning,
      (1...63).contains(service.instance.name.utf8.count),
      isWanted(interface: service.interface.name, family: service.family)
    else { return }
    interfaceNames[service.interface.index] = service.interface.name
    let id = Sighting.ID(
      identity: service.instance.fullName, interface: service.interface.name,
      family: service.family)
    if var known = sightings[id] {
      let hasMoved = known.interface != service.interface
      known.browserGeneration = browser.generation
      known.isOwn = service.isOwn
      known.interface = service.interface
      sightings[id] = known
      // An interface that went and came under the same name has another index.
      if hasMoved {
        stopResolving(id)
        startResolver(for: id)
      } else {
        tellIfChanged(id)
      }
      return
    }
    guard sightings.count < settings.maximumSightings else {
      ignoredCount += 1
      overflowed.insert(service.instance.type)
      return
    }
    sightings[id] = TrackedSighting(service, browserGeneration: browser.generation)
    if isListing { untold.insert(id) }
    startResolver(for: id)
  }

  mutating func serviceVanished(
    _ instance: ServiceInstance, interfaceIndex: Int32, family: Address.Family
  ) {
    // The interface itself may be gone, and its name with it.
    guard let interface = interfaceNames[interfaceIndex] else { return }
    let id = Sighting.ID(identity: instance.fullName, interface: interface, family: family)
    guard sightings[id]?.interface.index == interfaceIndex else { return }
    drop(id)
    if sightings.count < settings.maximumSightings * 3 / 4 { retryOverflowed() }
  }

  /// Has services that were ignored reported again, which only a new browser does, if there is room.
  mutating func retryOverflowed() {
    guard sightings.count < settings.maximumSightings else { return }
    for type in overflowed.sorted() { restartBrowser(type) }
  }

  /// Forgets a sighting, with all that was made for it.
  mutating func drop(_ id: Sighting.ID) {
    stopResolving(id)
    untold.remove(id)
    guard let sighting = sightings[id] else { return }
    sightings[id] = nil
    if sighting.told != nil { act(.emit(.serviceRemoved(id))) }
  }

  /// Drops what the settings exclude.
  mutating func dropUnwanted() {
    let unwanted = sightingIDs {
      !isWanted(interface: $0.interface.name, family: $0.family)
    }
    for id in unwanted { drop(id) }
  }

  private func isWanted(interface: String, family: Address.Family) -> Bool {
    (settings.ipv6 || family == .ipv4)
      && (settings.interfaces.isEmpty || settings.interfaces.contains(interface))
  }

  func sightingIDs(where isIncluded: (TrackedSighting) -> Bool) -> [Sighting.ID] {
    Self.sorted(sightings.all.filter(isIncluded).map(\.id))
  }

  /// In an order of their own, so that the same events give the same actions.
  static func sorted(_ ids: some Sequence<Sighting.ID>) -> [Sighting.ID] {
    ids.sorted { left, right in
      (left.identity, left.interface ?? "", left.family?.rawValue ?? "")
        < (right.identity, right.interface ?? "", right.family?.rawValue ?? "")
    }
  }
}
