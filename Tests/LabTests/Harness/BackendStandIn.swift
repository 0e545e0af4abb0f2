import Foundation

/// Stand-ins for servers of each kind, any number in one process, each at a port of its own: they
/// answer as their kind does, misbehave when told to, and count what comes.
struct BackendStandIn: Sendable {
  struct Server: Encodable, Sendable {
    var port: Int
    /// A type as the daemon calls it: its answers are that server's.
    var kind = "openai-compatible"
    /// In no order; a stable list is the daemon's business.
    var models = ["zephyr:7b", "alpha:3b"]
    /// Who does not send it is refused with 401, below /v1.
    var key: String?
    /// Speaks TLS with the certificate and the key that are in this file.
    var certificate: String?
    var behaviour: Behaviour?
  }

  /// What a server does with each request, or with each connection.
  struct Behaviour: Encodable, Sendable {
    private let what: String
    private var code = 200
    private var text = ""
    private var times = 1

    /// Answers as its kind.
    static let well = Behaviour(what: "well")
    /// Reads the request and says nothing, until the client goes.
    static let hang = Behaviour(what: "hang")
    /// An answer's body that never ends, as fast as it is taken.
    static let endless = Behaviour(what: "endless")
    /// Header fields that never end.
    static let endlessHead = Behaviour(what: "endless head")
    /// An answer's body, a byte each second.
    static let drip = Behaviour(what: "drip")
    /// An answer's head, a byte each second.
    static let dripHead = Behaviour(what: "drip head")
    /// Closes each connection as soon as it has read the request.
    static let close = Behaviour(what: "close")

    static func status(_ code: Int, _ body: String = "{}") -> Behaviour {
      Behaviour(what: "status", code: code, text: body)
    }

    static func redirect(to location: String) -> Behaviour {
      Behaviour(what: "redirect", code: 302, text: location)
    }

    /// A success whose body is `text`, so many times.
    static func body(_ text: String, times: Int = 1) -> Behaviour {
      Behaviour(what: "status", text: text, times: times)
    }

    /// Says this in the place of HTTP as soon as somebody connects, so many times.
    static func raw(_ text: String, times: Int = 1) -> Behaviour {
      Behaviour(what: "raw", text: text, times: times)
    }
  }

  /// What came to one port since its server began, or its counts were reset.
  struct Traffic: Decodable, Sendable {
    /// By path, with its query.
    let requests: [String: Int]
    let connections: Int
    /// Connections right now, and at the most.
    let open: Int
    let mostOpen: Int
    /// Values of Authorization that were sent.
    let keys: [String]
    /// What no health check sends: another method than GET, a cookie, a body.
    let odd: [String]
    /// The longest time without a request, in seconds.
    let longestPause: Double
    /// Seconds.
    let longestConnection: Double
    /// The most bytes that one connection took.
    let mostSent: Int

    var count: Int { requests.values.reduce(0, +) }
  }

  let process: LabProcess

  private struct Order: Encodable {
    let number: Int
    let `do`: String
    var servers: [Server] = []
    var ports: [Int] = []
    var behaviour: Behaviour?
  }

  /// Opens the ports of these servers, over IPv4 and IPv6.
  func serve(_ servers: [Server]) async throws {
    _ = try await order("serve") { $0.servers = servers }
  }

  /// Has these servers answer as such from now on, without a moment's absence.
  func change(_ servers: [Server]) async throws {
    _ = try await order("change") { $0.servers = servers }
  }

  /// Has these servers behave so from now on; no ports are all ports.
  func behave(_ behaviour: Behaviour, at ports: Int...) async throws {
    _ = try await order("behave") { ($0.ports, $0.behaviour) = (ports, behaviour) }
  }

  /// Closes ports and connections, as the end of a process does.
  func die(at ports: Int...) async throws { _ = try await order("die") { $0.ports = ports } }

  /// Opens the ports again.
  func comeBack(at ports: Int...) async throws {
    _ = try await order("return") { $0.ports = ports }
  }

  /// Counts from nothing again.
  func resetCounts() async throws { _ = try await order("reset") }

  /// What came, by port.
  func traffic() async throws -> [Int: Traffic] {
    // The keys are paths and ports, which no strategy may change.
    let text = try await order("report")
    return try JSONDecoder().decode([Int: Traffic].self, from: Data(text.utf8))
  }

  func traffic(at port: Int) async throws -> Traffic {
    guard let traffic = try await traffic()[port] else { throw LabError("no server at \(port)") }
    return traffic
  }

  private func order(
    _ action: String, change: (inout Order) -> Void = { _ in }
  ) async throws -> String {
    let index = process.lines.count
    var order = Order(number: index, do: action)
    change(&order)
    process.send(String(decoding: try JSONEncoder().encode(order), as: UTF8.self))
    let done = "done \(index) "
    let line = try await process.line(containing: done, from: index, within: .seconds(30))
    return String(line.text.dropFirst(done.count))
  }
}

extension LabHost {
  /// Starts stand-ins for these servers.
  func startStandIn(_ servers: [BackendStandIn.Server]) async throws -> BackendStandIn {
    let process = try spawn(["/usr/bin/python3", "-c", BackendStandIn.script])
    let standIn = BackendStandIn(process: process)
    try await standIn.serve(servers)
    return standIn
  }
}
