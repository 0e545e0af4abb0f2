import DiscoveryCore

/// An LMServ node, or any other server, as a client needs it: where it is, and what it says of itself.
public struct NodeInfo: Hashable, Sendable {
  /// The address to reach it at from here: IPv4 where it has one, and a link-local IPv6 address with
  /// its zone (`fe80::1%eth0`).
  public var host: String
  /// Its TCP port.
  public var port: Int
  /// The free text that it announces (TXT `info`), which may have any characters; nil without one.
  public var info: String?

  public init(host: String, port: Int, info: String? = nil) {
    self.host = host
    self.port = port
    self.info = info
  }

  /// `http://HOST:PORT`, with an IPv6 address as RFC 3986 and RFC 6874 have it.
  public var url: String { "http://\(Address(host)?.urlHost ?? host):\(port)" }

  init(_ backend: Backend) {
    self.init(host: backend.host, port: Int(backend.port), info: backend.info)
  }
}

extension Sequence<NodeInfo> {
  /// Each of them once, in the same order.
  var unique: [NodeInfo] {
    var seen: Set<NodeInfo> = []
    return filter { seen.insert($0).inserted }
  }
}
