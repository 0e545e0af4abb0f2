/// One way to recognise a server: two claims that share a key mean the same one.
struct MatchKey: Hashable {
  private enum Kind: UInt8 {
    case ipv4
    case ipv6
    case host
    /// This machine, under whichever of its own addresses or names.
    case thisMachine
  }

  private let high: UInt64
  private let low: UInt64
  /// The address' zone, or the host's name in lower case.
  private let name: String?
  private let port: UInt16
  private let kind: Kind
  private let scheme: URLScheme

  /// A server at an address.
  init(_ address: Address, port: UInt16, scheme: URLScheme) {
    high = address.high
    low = address.low
    name = address.zone
    self.port = port
    kind = address.family == .ipv4 ? .ipv4 : .ipv6
    self.scheme = scheme
  }

  /// A server on a host; nil for this machine.
  init(host: String?, port: UInt16, scheme: URLScheme) {
    high = 0
    low = 0
    name = host
    self.port = port
    kind = host == nil ? .thisMachine : .host
    self.scheme = scheme
  }

  static func == (left: MatchKey, right: MatchKey) -> Bool {
    left.low == right.low && left.high == right.high && left.port == right.port
      && left.kind == right.kind && left.scheme == right.scheme && left.name == right.name
  }

  /// Of all that the network chooses, each by itself: a sum of two would let it choose what collides.
  func hash(into hasher: inout Hasher) {
    if let name { hasher.combine(name) }
    // Which an IPv4 address leaves room for.
    guard kind == .ipv6 else { return hasher.combine(low << 16 | UInt64(port)) }
    hasher.combine(high)
    hasher.combine(low)
    hasher.combine(port)
  }
}

/// A key and its hash in an index, found once for all that is done under it.
struct HashedKey: Equatable {
  let key: MatchKey
  let hash: UInt32

  init(_ key: MatchKey) {
    self.key = key
    hash = key.indexHash
  }

  static func == (left: HashedKey, right: HashedKey) -> Bool {
    left.hash == right.hash && left.key == right.key
  }
}

extension Sighting {
  /// The keys by which its server is recognised, which may be served by this machine.
  func matchKeys(onThisMachine: Bool) -> [MatchKey] {
    var keys: [MatchKey] = []
    keys.reserveCapacity(addresses.count + 2)
    for address in addresses { keys.append(MatchKey(address, port: port, scheme: scheme)) }
    if let hostname { keys.append(MatchKey(host: hostname, port: port, scheme: scheme)) }
    if onThisMachine { keys.append(MatchKey(host: nil, port: port, scheme: scheme)) }
    return keys
  }

  /// True for each of these keys.
  func has(_ key: MatchKey, onThisMachine: Bool) -> Bool {
    for address in addresses where MatchKey(address, port: port, scheme: scheme) == key {
      return true
    }
    if let hostname, MatchKey(host: hostname, port: port, scheme: scheme) == key { return true }
    return onThisMachine && MatchKey(host: nil, port: port, scheme: scheme) == key
  }

  /// True when its server is recognised by the same keys, wherever it is seen from.
  func isAtSamePlace(as other: Sighting) -> Bool {
    port == other.port && scheme == other.scheme && hostname == other.hostname
      && addresses == other.addresses
  }

  /// True when this machine serves it.
  func isOnThisMachine(_ network: LocalNetwork) -> Bool {
    if let hostname, HostName.isLoopback(hostname) { return true }
    for address in addresses where network.isOwn(address) { return true }
    return false
  }
}
