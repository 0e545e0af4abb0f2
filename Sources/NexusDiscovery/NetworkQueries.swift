import DiscoveryCore
import NetworkBridge

/// Asks the network again and again, since an announcement that was lost on the way would else stay
/// unseen for up to an hour: Avahi's own query interval grows that far.
///
/// Nothing is asked while Avahi is away, for nobody would hear the answers.
package actor NetworkQueries {
  /// How long Avahi's own question is waited for: it asks after 0, 1, 3 and 7 seconds, if it has not
  /// asked for somebody else before, and a service that cannot be resolved is not to keep a scan of a
  /// few seconds from asking.
  private static let longestListing = Duration.milliseconds(2500)

  private let registry: Registry
  private let clock: any DiscoveryClock
  private let counters: DaemonCounters
  private let report: @Sendable (QueryOutcome) -> Void
  private var settings: DiscoverySettings
  private var schedule: QuerySchedule
  private var network: LocalNetwork
  private var isListening = false
  private var isListed = false
  private var nap: Nap?

  /// `report` is told how each round of questions went; `counters` count them.
  init(
    settings: DiscoverySettings, network: LocalNetwork, registry: Registry,
    clock: any DiscoveryClock, counters: DaemonCounters,
    report: @escaping @Sendable (QueryOutcome) -> Void
  ) {
    self.settings = settings
    self.network = network
    self.registry = registry
    self.clock = clock
    self.counters = counters
    self.report = report
    schedule = QuerySchedule(interval: settings.queryInterval)
  }

  /// Asks when it is time to, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      let nap = Nap(until: isListening ? schedule.nextDeadline : nil, on: clock)
      self.nap = nap
      await nap.end()
      self.nap = nil
      guard isListening, !Task.isCancelled else { continue }
      if schedule.isDue(at: clock.now().uptime) { await ask() }
    }
  }

  /// Asks at once, or as soon as the last question is a second old (RFC 6762 §5.2).
  package func refresh() {
    schedule.askNow(at: clock.now().uptime)
    nap?.cut()
  }

  /// Asks soon for a backend that disappeared: if its goodbye was forged, it answers.
  func backendDisappeared() {
    schedule.missed(at: clock.now().uptime, gracePeriod: settings.gracePeriod)
    nap?.cut()
  }

  /// Follows Avahi: a source that works again is asked for as if for the first time, once it has told
  /// what its own question brought.
  func follow(_ avahi: SourceStatus?) {
    let isListening = avahi?.state == .up
    let isListed = avahi?.isFullSetDelivered ?? false
    guard isListening != self.isListening || isListed != self.isListed else { return }
    if isListening, !self.isListening {
      let now = clock.now().uptime
      schedule.restart(at: now)
      schedule.hold(until: now.advanced(by: Self.longestListing))
    }
    if isListed { schedule.release() }
    self.isListening = isListening
    self.isListed = isListed
    nap?.cut()
  }

  /// Puts other settings in force: other types or links are asked at once.
  package func update(settings: DiscoverySettings) {
    let now = clock.now().uptime
    if settings.serviceTypes != self.settings.serviceTypes
      || settings.interfaces != self.settings.interfaces || settings.ipv6 != self.settings.ipv6
    {
      schedule.restart(at: now)
    }
    schedule.setInterval(settings.queryInterval, at: now)
    self.settings = settings
    nap?.cut()
  }

  /// A new link or address is a network that nobody was asked on yet.
  func update(network: LocalNetwork) {
    guard network != self.network else { return }
    self.network = network
    if isListening { schedule.restart(at: clock.now().uptime) }
    nap?.cut()
  }

  private func ask() async {
    let targets = QueryTarget.targets(
      in: network, ipv6: settings.ipv6, interfaces: settings.interfaces)
    var known: [QueryTarget: [ServiceInstance]] = [:]
    for target in targets {
      known[target] = await registry.confirmedInstances(
        on: target.interface, over: target.family)
    }
    let outcome = MulticastQuerier.ask(
      settings.serviceTypes, at: targets, known: { known[$0] ?? [] })
    schedule.asked(at: clock.now().uptime)
    counters.count { $0.queries += outcome.packets }
    report(outcome)
  }
}
