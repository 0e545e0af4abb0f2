/// One way to recognise a server: two claims that share a key mean the same one.
struct MatchKey: Hashable {
  /// Under which it is entered in an index.
  let hash: UInt32

  fileprivate enum Kind: UInt8 {
    case ipv4
    case ipv6
    case host
    /// This machine, under whichever of its own addresses or names.
    case thisMachine
  }

  private let high: UInt64
  private let low: UInt64
  /// The address' zone, or the host's name in lower case.
  fileprivate let name: String?
  fileprivate let port: UInt16
  fileprivate let kind: Kind
  fileprivate let scheme: URLScheme

  /// A server at an address.
  init(_ address: Address, port: UInt16, scheme: URLScheme) {
    let kind: Kind = address.family == .ipv4 ? .ipv4 : .ipv6
    self.init(kind, address.high, address.low, address.zone, port, scheme)
  }

  /// A server on a host; nil for this machine.
  init(host: String?, port: UInt16, scheme: URLScheme) {
    self.init(host == nil ? .thisMachine : .host, 0, 0, host, port, scheme)
  }

  private init(
    _ kind: Kind, _ high: UInt64, _ low: UInt64, _ name: String?, _ port: UInt16,
    _ scheme: URLScheme
  ) {
    self.high = high
    self.low = low
    self.name = name
    self.port = port
    self.kind = kind
    self.scheme = scheme
    // Of all that the network chooses, each by itself: a sum of two would let it choose what collides.
    var hasher = Hasher()
    if let name { hasher.combine(name) }
    if kind == .ipv6 {
      hasher.combine(high)
      hasher.combine(low)
      hasher.combine(port)
    } else {
      // Which an IPv4 address leaves room for.
      hasher.combine(low << 16 | UInt64(port))
    }
    hash = UInt32(truncatingIfNeeded: hasher.finalize())
  }

  static func == (left: MatchKey, right: MatchKey) -> Bool {
    left.hash == right.hash && left.low == right.low && left.high == right.high
      && left.port == right.port && left.kind == right.kind && left.scheme == right.scheme
      && left.name == right.name
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(hash)
  }

  fileprivate func isOf(_ address: Address) -> Bool {
    low == address.low && high == address.high && kind == (address.family == .ipv4 ? .ipv4 : .ipv6)
      && name == address.zone
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
    guard key.port == port, key.scheme == scheme else { return false }
    switch key.kind {
    case .ipv4, .ipv6: return addresses.contains(where: key.isOf)
    case .host: return key.name == hostname
    case .thisMachine: return onThisMachine
    }
  }

  /// True when its server is recognised by the same keys, wherever it is seen from.
  func isAtSamePlace(as other: Sighting) -> Bool {
    port == other.port && scheme == other.scheme && hostname == other.hostname
      && addresses == other.addresses
  }

  /// True when this machine serves it.
  func isOnThisMachine(_ network: LocalNetwork) -> Bool {
    if let hostname, HostName.isLoopback(hostname) { return true }
    for index in addresses.indices where network.isOwn(addresses[index]) { return true }
    return false
  }
}
