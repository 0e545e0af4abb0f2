/// A producer of sightings, highest precedence first: a present sighting of a higher one decides
/// a backend's name, URL, type and priority.
package enum SourceKind: String, CaseIterable, Hashable, Comparable, Sendable, Codable {
  case `static`
  case runtime
  case mdns
  case federation
  case mesh
  case endpoints
  case scan

  /// Higher precedence sorts first.
  package static func < (left: SourceKind, right: SourceKind) -> Bool {
    left.rank < right.rank
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
  }

  private var rank: Int {
    switch self {
    case .static: 0
    case .runtime: 1
    case .mdns: 2
    case .federation: 3
    case .mesh: 4
    case .endpoints: 5
    case .scan: 6
    }
  }

  /// True where an administrator names the backends: what they remove is gone at once, and nothing
  /// that the network says removes one.
  package var isAdministered: Bool { self == .static || self == .runtime }

  /// How long a sighting holds without being repeated, for sources that cannot say "gone".
  package var timeToLive: Duration? {
    switch self {
    case .mesh, .scan, .endpoints: .seconds(60)
    case .static, .runtime, .mdns, .federation: nil
    }
  }

  /// The list of just this one, which most backends share.
  var alone: [SourceKind] { Self.eachAlone[rank] }

  private static let eachAlone = allCases.sorted().map { [$0] }

  /// A backend's priority where its source names none: lower is preferred.
  package var defaultPriority: Int { isAdministered ? 1 : 50 }
}
