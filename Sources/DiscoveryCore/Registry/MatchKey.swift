/// One way to recognise a server: two claims that share a key mean the same one.
struct MatchKey: Hashable {
  enum Endpoint: Hashable {
    case address(Address)
    /// A host name in lower case.
    case host(String)
    /// This machine, under whichever of its own addresses or names.
    case thisMachine
  }

  let scheme: URLScheme
  let port: UInt16
  let endpoint: Endpoint

  /// Of what tells keys apart nearly always.
  func hash(into hasher: inout Hasher) {
    switch endpoint {
    case .address(let address):
      hasher.combine(address.high)
      hasher.combine(address.low)
    case .host(let name): hasher.combine(name)
    case .thisMachine: break
    }
    hasher.combine(port)
  }
}

extension Sighting {
  /// The keys by which this sighting's server is recognised, as seen from a machine on `network`.
  func matchKeys(on network: LocalNetwork) -> [MatchKey] {
    func key(_ endpoint: MatchKey.Endpoint) -> MatchKey {
      MatchKey(scheme: scheme, port: port, endpoint: endpoint)
    }
    var keys: [MatchKey] = []
    keys.reserveCapacity(addresses.count + 2)
    for address in addresses { keys.append(key(.address(address))) }
    if let hostname { keys.append(key(.host(hostname))) }
    if isOnThisMachine(network) { keys.append(key(.thisMachine)) }
    return keys
  }

  /// True when this machine serves it.
  func isOnThisMachine(_ network: LocalNetwork) -> Bool {
    hostname.map(HostName.isLoopback) == true || addresses.contains(where: network.isOwn)
  }
}
