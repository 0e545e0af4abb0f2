import DiscoveryTestKit

@testable import DiscoveryCore

/// The few servers that the reference knows, seen from the machine of `LocalNetwork.oneInterface`,
/// which is server 0; server `n` is at 10.0.0.(n+1).
struct ReferenceWorld {
  struct Place: Hashable {
    let server: Int
    let port: UInt16
  }

  static let steeringPath = "//evil.example/"

  var prefer = Address.Family.ipv4
  /// The trust rules refuse 192.168.7.0/24.
  var refusesRouted = false

  /// Where each server is, and where it may be besides.
  static let homes = (1...5).map { Address.of("10.0.0.\($0)") }
  static let linkLocal = ["fe80::aa%eth0"].map(Address.of) + (1...4).map { .of("fe80::\($0)%eth0") }
  static let routed = (0...4).map { Address.of("192.168.7.\($0)") }
  static let unique = (0...4).map { Address.of("fd00::\($0)") }
  static let loopback = Address.of("127.0.0.1")
  /// What nobody may name.
  static let refused = ["8.8.8.8", "224.0.0.1", "10.0.0.255", "169.254.169.254"].map(Address.of)

  /// Where a sighting leads: each names its server's home, or localhost.
  static func place(of sighting: Sighting) -> Place {
    let server = homes.firstIndex(where: sighting.addresses.contains) ?? 0
    return Place(server: server, port: sighting.port)
  }

  /// What TXT, else the service type, says that it is.
  static func type(of sighting: Sighting) -> BackendType {
    if sighting.txt["type"] == "vLLM" { return .vllm }
    return sighting.instance?.type.name == "_ollama._tcp" ? .ollama : .unknown
  }

  /// What may be used of a sighting; nil for nothing of it.
  func vetted(_ sighting: Sighting, from source: SourceKind) -> Sighting? {
    if source == .static || source == .runtime { return sighting }
    if sighting.port == 0 { return nil }
    if source == .mdns, sighting.hostname == "evil.example" { return nil }
    var vetted = sighting
    vetted.addresses = sighting.addresses.filter { address in
      if Self.refused.contains(address) { return false }
      if address == Self.loopback { return sighting.isOwnAnnouncement }
      return !(refusesRouted && Self.routed.contains(address))
    }
    return vetted.addresses.isEmpty ? nil : vetted
  }

  /// Smaller is tried sooner: others before loopback, on-link before routed, global before
  /// link-local, the preferred family first.
  func rank(of address: Address) -> Int {
    let other = address.family == prefer ? 0 : 1
    if address == Self.loopback { return 8 + other }
    if Self.routed.contains(address) || Self.unique.contains(address) { return 4 + other }
    if Self.linkLocal.contains(address) { return 2 + other }
    return other
  }
}
