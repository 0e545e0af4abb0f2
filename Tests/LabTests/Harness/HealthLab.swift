import Foundation

/// Runs `body` with a host whose servers are stand-ins and that announces them by hand, and one that
/// listens with its bus and avahi-daemon. The first has the lower address.
func withPeer(
  _ body: (_ peer: LabHost, _ neighbour: RawNeighbour, _ listener: LabHost) async throws -> Void
) async throws {
  try await withLab { lab in
    let lan = try await lab.lan()
    let peer = try await lab.bareHost("peer", on: [lan])
    async let listener = lab.host("listener", on: [lan])
    try await body(peer, try await peer.startRawNeighbour(), listener)
  }
}

/// Runs `body` with a host whose servers are stand-ins, and one without an avahi-daemon, where only
/// static backends are known.
func withBarePeer(_ body: (_ peer: LabHost, _ checker: LabHost) async throws -> Void) async throws {
  try await withLab { lab in
    let lan = try await lab.lan()
    let peer = try await lab.bareHost("peer", on: [lan])
    try await body(peer, try await lab.bareHost("checker", on: [lan]))
  }
}

extension RawNeighbour.Service {
  /// A server of no named kind, on a host of its own. Where `txt` is nil it has no such record: then
  /// Avahi takes 5 s to say that it knows no more.
  static func llm(
    _ name: String, _ port: Int, at addresses: [String], txt: [String]? = []
  ) -> Self {
    var service = Self(name, host: "\(name)-host", addresses: addresses)
    service.type = "_llm._tcp.local"
    service.port = port
    service.txt = txt.map { RawNeighbour.txt($0) }
    return service
  }
}

extension Daemon {
  /// nexus.toml for tests of health checks; times are in seconds. A stand-in answers in milliseconds,
  /// and in a second or two where the machine has much else to do.
  static func checking(
    interval: Int = 2, timeout: Int = 5, failures: Int = 3, concurrent: Int = 32,
    grace: Int = 30, discovery: String = "", more: String = ""
  ) -> String {
    configuration(
      grace: grace, discovery: discovery,
      more: """
        [health_check]
        interval_seconds = \(interval)
        timeout_seconds = \(timeout)
        failure_threshold = \(failures)
        max_concurrent = \(concurrent)
        \(more)
        """)
  }

  /// A static backend in nexus.toml.
  static func configured(_ name: String, _ url: String, _ more: String...) -> String {
    "[[backends]]\nname = \"\(name)\"\nurl = \"\(url)\"\n\(more.joined(separator: "\n"))\n"
  }

  /// All backends by their names, as soon as they fit together.
  @discardableResult
  func backends(
    within limit: Duration = .seconds(40), _ what: String,
    where fits: ([String: ListedBackend]) -> Bool
  ) async throws -> [String: ListedBackend] {
    var last: [String: ListedBackend] = [:]
    do {
      return try await eventually(within: limit, what) {
        last = Dictionary(try await list().map { ($0.name, $0) }) { first, _ in first }
        return fits(last) ? last : nil
      }
    } catch let error as LabError {
      let told = last.values.map { "  | \($0)" }.sorted().joined(separator: "\n")
      throw LabError("\(error); there are\n\(told)")
    }
  }
}

extension Watch {
  /// The next change of a backend after which it has this status.
  @discardableResult
  func status(
    _ status: String, of name: String, from index: Int = 0, within limit: Duration = .seconds(40)
  ) async throws -> (backend: ListedBackend, line: LabProcess.Line) {
    let line = try await process.line(from: index, within: limit, "\(name) to be \(status)") {
      guard let change = Self.change($0), change.event == "status" else { return false }
      return change.backend.name == name && change.backend.status == status
    }
    guard let change = Self.change(line) else { throw LabError("no change: \(line.text)") }
    return (change.backend, line)
  }
}

extension LabHost {
  /// Counts the packets of TCP that the host sends to any address but these, from now on.
  func countConnections(except addresses: [String]) async throws -> @Sendable () async throws -> Int
  {
    let rules = """
      table inet strays {
        counter sent {}
        chain output {
          type filter hook output priority 0;
          meta l4proto tcp ip daddr != { \(addresses.joined(separator: ", ")) } counter name sent
          meta nfproto ipv6 meta l4proto tcp counter name sent
        }
      }
      """
    try await succeed("nft", "-f", "-", input: rules)
    return {
      let words = try await self.succeed("nft", "list", "counter", "inet", "strays", "sent")
        .split(whereSeparator: \.isWhitespace)
      guard let place = words.firstIndex(of: "packets"), let count = Int(words[place + 1]) else {
        throw LabError("no count of packets: \(words)")
      }
      return count
    }
  }
}
