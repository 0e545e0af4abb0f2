import APIModel
import Announcing
import AvahiBridge
import DiscoveryCore

/// Announces this machine's servers: looks at them when `Announcer` wants them looked at, hands what is
/// to be on the air to the publisher, and tells what came of it.
actor Announcements {
  private let publisher: AvahiPublisher
  private let transport: any ProbeTransport
  private let clock: any DiscoveryClock
  private let counters: DaemonCounters
  private let log: Log
  private let report: @Sendable ([AnnouncementDocument]) -> Void
  private let namesMayDiffer: @Sendable () async -> Void
  private var announcer: Announcer
  private var addresses: [Address] = []
  /// What the publisher was told last.
  private var published: [AnnouncedService] = []
  private var board = AnnouncementBoard()
  /// The sleep until the next look, cut short when an earlier one is due.
  private var nap: Nap?

  /// `report` gets the state of all announcements whenever it changes; `namesMayDiffer` is called when the
  /// publisher's alternative names may be others.
  init(
    settings: Announcer.Settings, publisher: AvahiPublisher, transport: any ProbeTransport,
    clock: any DiscoveryClock, counters: DaemonCounters, log: Log,
    report: @escaping @Sendable ([AnnouncementDocument]) -> Void,
    namesMayDiffer: @escaping @Sendable () async -> Void
  ) {
    self.publisher = publisher
    self.transport = transport
    self.clock = clock
    self.counters = counters
    self.log = log
    self.report = report
    self.namesMayDiffer = namesMayDiffer
    announcer = Announcer(settings: settings, at: clock.now().uptime)
  }

  /// Announces until the task is cancelled, and then takes all of it back.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.publish() }
      group.addTask { await self.look() }
    }
  }

  /// Puts other settings in force.
  func update(settings: Announcer.Settings) {
    announcer.update(settings: settings, at: clock.now().uptime)
    settle()
  }

  /// Takes what this machine's links and addresses are from now on.
  func update(network: LocalNetwork) {
    let addresses = network.reachableAddresses
    guard addresses != self.addresses else { return }
    self.addresses = addresses
    announcer.networkChanged(hasAddresses: !addresses.isEmpty, at: clock.now().uptime)
    settle()
  }

  // MARK: - Looking

  private func look() async {
    await withDiscardingTaskGroup { group in
      settle()
      while !Task.isCancelled {
        for look in announcer.takeDue(at: clock.now().uptime) {
          group.addTask { await self.carryOut(look) }
        }
        let nap = Nap(until: announcer.nextDeadline, on: clock)
        self.nap = nap
        await nap.end()
        self.nap = nil
      }
      group.cancelAll()
    }
  }

  private func carryOut(_ look: Announcer.Look) async {
    let verdict = await look.probe.run(at: addresses, over: transport, clock: clock)
    guard !Task.isCancelled else { return }
    if let warning = announcer.finished(look, verdict) { log.warn(warning) }
    settle()
  }

  /// Hands on what changed, and wakes who sleeps too long.
  private func settle() {
    let services = announcer.services
    if services != published {
      published = services
      publisher.publish(services)
    }
    nap?.cut(ifLongerThan: announcer.nextDeadline)
    tell()
  }

  // MARK: - Publishing

  private func publish() async {
    await publisher.run { [self] events in await take(events) }
  }

  private func take(_ events: [PublisherEvent]) async {
    for event in events {
      board.take(event)
      if let kind = event.logEvent { counters.count(kind) }
      log.write(event.record)
    }
    tell()
    await namesMayDiffer()
  }

  private func tell() {
    let documents = board.documents(
      wanted: published, withheld: announcer.absences, hasNetwork: announcer.hasNetwork)
    if let documents { report(documents) }
  }
}
