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
    zip(parts, wanted.parts).filter { $0 != $1 }
      .map { "\($0.name) \($0.value), not \($1.value)" }
      .joined(separator: "; ")
  }

  private var parts: [(name: String, value: String)] {
    let parts: [(String, Any)] = [
      ("name", name), ("url", url), ("host", host), ("path", apiPath), ("type", type),
      ("claimed", claimedType), ("detected", detectedType as Any), ("source", source),
      ("sources", sources), ("priority", priority), ("addresses", addresses),
      ("own", ownAddressCount), ("hostname", hostname as Any), ("instance", instance as Any),
      ("version", version as Any), ("models", models), ("info", info as Any),
      ("txt", txt.attributes), ("interfaces", interfaces), ("local", isLocal),
      ("stale", isStale), ("first", firstSeen), ("last", lastSeen),
      ("expires", expiresAt as Any), ("status", status), ("check", lastCheck as Any),
    ]
    return parts.map { ($0, "\($1)") }
  }
}
