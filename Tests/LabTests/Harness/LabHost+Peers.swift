import Foundation

/// A service that avahi-publish announces.
struct Publication: Sendable {
  let host: LabHost
  let process: LabProcess

  /// Ends the announcement; avahi-daemon says goodbye for it.
  func withdraw() async throws {
    try await host.stop(process)
  }
}

extension LabHost {
  /// Announces a service and returns when avahi-daemon has established it.
  ///
  /// - Parameter txt: items as avahi-publish takes them, "key=value".
  /// - Parameter hostname: the SRV record's target, when it is not the host itself.
  func publish(
    _ name: String, _ type: String, _ port: Int, _ txt: [String] = [], hostname: String? = nil
  ) async throws -> Publication {
    let target = hostname.map { ["--host=\($0)"] } ?? []
    let process = try spawn(
      ["avahi-publish", "--service", "--no-fail"] + target + [name, type, String(port)] + txt)
    try await process.line(containing: "Established under name")
    return Publication(host: self, process: process)
  }

  /// `avahi-browse --resolve --parsable` on this host, each line as soon as it is known.
  func browse(_ type: String) throws -> LabProcess {
    try spawn(["stdbuf", "-oL", "avahi-browse", "--resolve", "--parsable", type])
  }

  /// The id that a backend born as this mDNS name has: its UUIDv5, computed by another's code.
  func identifier(ofInstance name: String) async throws -> String {
    try await succeed(
      "/usr/bin/python3", "-c",
      "import sys, uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, sys.argv[1]))", name)
  }

  /// Starts a peer on python-zeroconf, which needs neither bus nor avahi-daemon.
  func startZeroconfPeer() async throws -> ZeroconfPeer {
    let process = try spawn(["/usr/bin/python3", "-c", ZeroconfPeer.script, address])
    try await process.line(containing: "ready")
    return ZeroconfPeer(process: process)
  }
}

/// A peer that announces many services at once and changes them in place.
struct ZeroconfPeer: Sendable {
  struct Service: Encodable, Sendable {
    var name: String
    var type = "_ollama._tcp.local."
    var port: Int
    var txt: [String: String] = [:]
    var addresses: [String]
    /// Of its SRV and address records, in seconds (RFC 6762 §10).
    var lifetime = 120
    /// Its host's name; without one python-zeroconf takes the service's own, which is no host name.
    var server: String? = "peer.local."
  }

  fileprivate static let script = """
    import asyncio, json, socket, sys
    from zeroconf import IPVersion, ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

    def info(service):
      return ServiceInfo(
        service["type"], service["name"] + "." + service["type"], port=service["port"],
        properties=service["txt"], server=service.get("server"), host_ttl=service["lifetime"],
        addresses=[socket.inet_aton(one) for one in service["addresses"]])

    async def main():
      peer = AsyncZeroconf(interfaces=[sys.argv[1]], ip_version=IPVersion.V4Only)
      print("ready", flush=True)
      lines = asyncio.StreamReader(limit=1 << 22)
      await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines, 1 << 20), sys.stdin)
      while line := await lines.readline():
        order = json.loads(line)
        services = [info(one) for one in order["services"]]
        if order["do"] == "register":
          tasks = [peer.async_register_service(one, cooperating_responders=True)
                   for one in services]
        elif order["do"] == "update":
          tasks = [peer.async_update_service(one) for one in services]
        else:
          tasks = [peer.async_unregister_service(one) for one in services]
        for sent in await asyncio.gather(*tasks): await sent
        print("done", order["number"], flush=True)

    asyncio.run(main())
    """

  let process: LabProcess

  private struct Order: Encodable {
    let number: Int
    let `do`: String
    let services: [Service]
  }

  /// Announces new services; returns when they have been said as often as RFC 6762 §8.3 asks.
  func register(_ services: [Service]) async throws { try await order("register", services) }

  /// Says what has changed of services with the same names.
  func update(_ services: [Service]) async throws { try await order("update", services) }

  /// Says goodbye for them.
  func withdraw(_ services: [Service]) async throws { try await order("withdraw", services) }

  private func order(_ action: String, _ services: [Service]) async throws {
    let number = process.lines.count
    let text = try JSONEncoder().encode(Order(number: number, do: action, services: services))
    process.send(String(decoding: text, as: UTF8.self))
    try await process.line(containing: "done \(number)", within: .seconds(30))
  }
}
