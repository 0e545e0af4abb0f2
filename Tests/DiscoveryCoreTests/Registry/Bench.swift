import DiscoveryCore
import DiscoveryTestKit

/// A registry under test, with a clock that the test moves.
struct Bench {
  var state: RegistryState
  var now = Moment.testStart

  init(
    settings: RegistryState.Settings = .init(), network: LocalNetwork = .oneInterface
  ) {
    state = RegistryState(settings: settings, network: network)
  }

  /// What one event led to: kinds of change and the backends' names.
  @discardableResult
  mutating func apply(_ event: DiscoveryEvent, from source: SourceKind = .mdns) -> [String] {
    state.apply(event, from: source, at: now).changes.map(Self.summary)
  }

  @discardableResult
  mutating func find(_ sighting: Sighting, from source: SourceKind = .mdns) -> [String] {
    apply(.serviceFound(sighting), from: source)
  }

  @discardableResult
  mutating func lose(_ sighting: Sighting, from source: SourceKind = .mdns) -> [String] {
    apply(.serviceRemoved(sighting.id), from: source)
  }

  mutating func notices(of event: DiscoveryEvent, from source: SourceKind = .mdns)
    -> [RegistryNotice]
  {
    state.apply(event, from: source, at: now).notices
  }

  mutating func wait(_ duration: Duration) -> [String] {
    now = now.advanced(by: duration)
    return state.expire(at: now).changes.map(Self.summary)
  }

  var backends: [Backend] { state.snapshot().backends }

  static func summary(_ change: RegistryChange) -> String {
    "\(change.kind.rawValue) \(change.backend.name)"
  }
}
