import DiscoveryTestKit

@testable import DiscoveryCore

extension ReferenceRegistry {
  /// Every backend as consumers must see it, by birth.
  func views() -> [Int: Backend] {
    Dictionary(uniqueKeysWithValues: groups.map { ($0.birth, view(of: $0)) })
  }

  /// The URL of each, by its id.
  func urls() -> [BackendID: String] {
    Dictionary(
      uniqueKeysWithValues: groups.map { group in
        let backend = view(of: group)
        let isV6 = backend.host.contains(":")
        let zoned = backend.host.split(separator: "%").joined(separator: "%25")
        let host = isV6 ? "[\(zoned)]" : backend.host
        return (group.id, "\(backend.scheme.rawValue)://\(host):\(backend.port)\(backend.apiPath)")
      })
  }

  private func view(of group: Group) -> Backend {
    let ranked = ranked(group)
    let leader = ranked[0]
    let spoken = leader.current
    let announced = ranked.map(\.current).filter { $0.instance != nil }
    let texts = announced.map(\.txt)
    let type =
      spoken.settings.type ?? announced.map(ReferenceWorld.type).first { $0 != .unknown }
      ?? .unknown
    let own = sorted([leader])
    let addresses = own + sorted(ranked).filter { !own.contains($0) }
    let path = path(of: spoken, type: type)
    var host = addresses.first?.description ?? ""
    if leader.key.source.isAdministered, let name = spoken.hostname { host = name }
    return Backend(
      id: group.id, name: spoken.name,
      scheme: spoken.scheme, host: host, port: spoken.port, apiPath: path, type: type,
      claimedType: type, status: .unknown, source: leader.key.source,
      sources: SourceKind.allCases.filter { source in ranked.contains { $0.key.source == source } }
        .sorted(),
      priority: spoken.settings.priority ?? (leader.key.source.isAdministered ? 1 : 50),
      addresses: addresses,
      ownAddressCount: leader.key.source.isAdministered ? own.count : 0,
      hostname: ranked.compactMap { $0.current.hostname }.first,
      instance: announced.first?.instance,
      version: texts.compactMap { $0["version"] }.first,
      models: texts.compactMap { $0["models"] }.first?.split(separator: ",").map(String.init) ?? [],
      info: nil, txt: texts.first ?? TXTRecord(),
      interfaces: ["eth0", "eth1"].filter { name in
        ranked.contains { $0.held.contains { $0.sighting.id.interface == name } }
      },
      isLocal: leader.place.server == 0,
      isStale: ranked.allSatisfy { $0.held.allSatisfy(\.isStale) },
      firstSeen: group.firstSeen,
      lastSeen: ranked.flatMap { $0.held.map(\.lastSeen.wall) }.max() ?? group.firstSeen,
      expiresAt: group.graceEnds?.wall)
  }

  /// An administrator's own path, else a sound one from TXT, else that of the backend's type.
  private func path(of spoken: Sighting, type: BackendType) -> String {
    let usual = type == .ollama ? "" : "/v1"
    if spoken.instance == nil { return spoken.settings.apiPath ?? usual }
    guard let path = spoken.txt["api_path"], path != ReferenceWorld.steeringPath else {
      return usual
    }
    return path
  }

  private func sorted(_ claims: [Claim]) -> [Address] {
    var addresses: [Address] = []
    for address in claims.flatMap({ $0.held.flatMap(\.sighting.addresses) })
    where !addresses.contains(address) {
      addresses.append(address)
    }
    return addresses.sorted { left, right in
      let (first, second) = (world.rank(of: left), world.rank(of: right))
      return first != second ? first < second : left < right
    }
  }
}
