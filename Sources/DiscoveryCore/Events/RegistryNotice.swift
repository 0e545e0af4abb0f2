/// Something that an administrator should know and that changes no backend.
package enum RegistryNotice: Hashable, Sendable {
  /// A sighting that is refused, or only adds to what is configured.
  case skipped(Sighting, SourceKind, SkipReason)
  case sourceUp(SourceKind)
  case sourceDown(SourceKind, reason: String)
  /// A limit was reached: once per limit until there is room again.
  case limitReached(Limit)
  /// There is room again for what was refused when `max_backends` was reached.
  case roomAgain

  package enum SkipReason: String, Hashable, Sendable {
    case portZero = "port_zero"
    case noUsableAddress = "no_usable_address"
    case addressRefused = "address_refused"
    case targetOutsideLocal = "target_outside_local"
    case knownAsStatic = "known_as_static"
    case apiPathRefused = "api_path_refused"
    case limit
  }

  package enum Limit: Hashable, Sendable {
    case backends(maximum: Int)
    case sightings(maximum: Int)
    case sightingsOfOneBackend(name: String, maximum: Int)
  }
}
