import Foundation

/// A broadcast domain: a bridge that floods multicast.
struct LAN: Hashable, Sendable {
  /// Its hosts have the addresses 10.77.`number`.x.
  let number: Int

  var bridge: String { "lan\(number)" }
}

/// Several hosts on one machine: LANs, and hosts that are plugged into them.
actor Lab {
  private let niceness: Int
  private let wires: Namespace
  private var lanCount = 0
  private var plugCount = 0
  private var hosts: [LabHost] = []
  /// The LANs' ends of each host's wires, by its name.
  private var plugs: [String: [String]] = [:]

  /// A lab that gives way has all its processes do their work when no other has any to do.
  init(givingWay: Bool) async throws {
    niceness = givingWay ? 15 : 0
    wires = try await Namespace(
      "wires", niceness: 0, setup: "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
  }

  func lan() async throws -> LAN {
    let lan = LAN(number: lanCount)
    lanCount += 1
    try await wires.ip("link", "add", lan.bridge, "type", "bridge", "mcast_snooping", "0")
    try await wires.ip("link", "set", lan.bridge, "up")
    return lan
  }

  /// A host with one interface per LAN: eth0, eth1, …; nothing runs on it yet.
  func bareHost(_ name: String, on lans: [LAN], ipv4: Bool = true) async throws -> LabHost {
    let host = LabHost(
      name: name,
      namespace: try await Namespace(name, niceness: niceness, setup: LabHost.setup))
    hosts.append(host)
    for lan in lans { try await plug(host, into: lan, ipv4: ipv4) }
    return host
  }

  /// Gives a host one more interface, on `lan`; its name.
  @discardableResult
  func plug(_ host: LabHost, into lan: LAN, ipv4: Bool = true) async throws -> String {
    plugCount += 1
    let plug = "plug\(plugCount)"
    let interface = "eth\(plugs[host.name, default: []].count)"
    plugs[host.name, default: []].append(plug)
    let address = "10.77.\(lan.number).\(plugCount + 1)"
    try await wires.ip(
      "link", "add", plug, "type", "veth", "peer", "name", interface, "netns",
      host.namespace.netns)
    try await wires.ip("link", "set", plug, "master", lan.bridge, "up")
    if ipv4 {
      try await host.addAddress("\(address)/24", to: interface)
      await host.note(ipv4: address)
    }
    try await host.setLink(interface, up: true)
    return interface
  }

  /// Takes a host's last interface away.
  func unplug(_ host: LabHost) async throws {
    guard let plug = plugs[host.name]?.popLast() else {
      throw LabError("\(host.name) has no interface")
    }
    try await wires.ip("link", "delete", plug)
  }

  /// Cuts a host off from its LANs, or connects it again: its neighbours notice nothing but silence.
  func cut(_ host: LabHost, _ isCut: Bool) async throws {
    for plug in plugs[host.name, default: []] {
      try await wires.ip("link", "set", plug, isCut ? "down" : "up")
    }
  }

  /// A host with its system bus and avahi-daemon running.
  func host(
    _ name: String, on lans: [LAN], ipv4: Bool = true, avahi configuration: String = ""
  ) async throws -> LabHost {
    let host = try await bareHost(name, on: lans, ipv4: ipv4)
    try await host.startBus()
    try await host.startAvahi(configuration: configuration)
    return host
  }

  func close() async {
    for host in hosts { await host.namespace.close() }
    await wires.close()
  }
}

/// Runs `body` with a lab of its own and takes it down afterwards, whatever happened.
///
/// - Parameter givingWay: for crowds and loads, so that they do not disturb what is measured in other
///   labs at the same time.
func withLab(givingWay: Bool = false, _ body: (Lab) async throws -> Void) async throws {
  try LabAvailability.require()
  let lab = try await Lab(givingWay: givingWay)
  do {
    try await body(lab)
  } catch {
    await lab.close()
    throw error
  }
  await lab.close()
}

/// Runs `body` with two hosts on one LAN, both with bus and avahi-daemon.
func withTwoHosts(
  givingWay: Bool = false, _ body: (LabHost, LabHost) async throws -> Void
) async throws {
  try await withLab(givingWay: givingWay) { lab in
    let lan = try await lab.lan()
    async let alpha = lab.host("alpha", on: [lan])
    async let beta = lab.host("beta", on: [lan])
    try await body(alpha, beta)
  }
}
