@testable import DiscoveryCore

// What happened, in few words: for the report of a fault.

/// What a run told the registry and the reference.
enum Told: CustomStringConvertible {
  case events(SourceKind, [DiscoveryEvent])
  case settings(ReferenceWorld, gracePeriod: Duration)
  case time

  var description: String {
    switch self {
    case .events(let source, let events):
      "\(source) \(events.map(\.summary).joined(separator: ", "))"
    case .settings(let world, let gracePeriod): "\(world), grace \(gracePeriod)"
    case .time: "time"
    }
  }
}

extension DiscoveryEvent {
  fileprivate var summary: String {
    switch self {
    case .serviceFound(let sighting):
      let place = "\(sighting.hostname ?? "") \(sighting.addresses):\(sighting.port)"
      let own = sighting.isOwnAnnouncement ? " own" : ""
      let txt = sighting.txt.attributes.map { "\($0.key)=\($0.value ?? "")" }
      return "found \(sighting.id.summary) \(place) \(txt)\(own)"
    case .serviceRemoved(let id): return "removed \(id.summary)"
    default: return "\(self)"
    }
  }
}

extension Sighting.ID {
  fileprivate var summary: String { "\(identity)/\(interface ?? "")/\(family?.rawValue ?? "")" }
}

extension Backend {
  /// The fields that differ: this one's values, and those that were wanted.
  func differences(to wanted: Backend) -> String {
    zip(parts, wanted.parts)
      .map { (name: $0.label ?? "", value: "\($0.value)", wanted: "\($1.value)") }
      .filter { $0.value != $0.wanted }
      .map { "\($0.name) \($0.value), not \($0.wanted)" }
      .joined(separator: "; ")
  }

  private var parts: [Mirror.Child] {
    Array(Mirror(reflecting: facts.values).children) + Array(Mirror(reflecting: self).children)
  }
}
