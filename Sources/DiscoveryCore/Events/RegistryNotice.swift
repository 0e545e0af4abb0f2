/// Something that an administrator should know and that changes no backend.
package enum RegistryNotice: Hashable, Sendable {
  /// A sighting that is refused, in whole or in part.
  case skipped(Sighting, SourceKind, SkipReason)
  case sourceUp(SourceKind)
  case sourceDown(SourceKind, reason: String)
  /// A limit was reached: once per limit until there is room again.
  case limitReached(Limit)
  /// There is room again for what was refused when `max_backends` was reached.
  case roomAgain

  package enum SkipReason: String, CaseIterable, Hashable, Sendable {
    case portZero = "port_zero"
    case noUsableAddress = "no_usable_address"
    case addressRefused = "address_refused"
    case targetOutsideLocal = "target_outside_local"
    case knownAsStatic = "known_as_static"
    case apiPathRefused = "api_path_refused"
    case limit

    /// True when the sighting is used all the same: it adds to what is configured, or has another
    /// path in its URL.
    package var isInPart: Bool { self == .knownAsStatic || self == .apiPathRefused }
  }

  package enum Limit: Hashable, Sendable {
    case backends(maximum: Int)
    case sightings(maximum: Int)
    case sightingsOfOneBackend(name: String, maximum: Int)
    /// One that a source has met.
    case ofSource(SourceKind, SourceLimit)
  }
}
