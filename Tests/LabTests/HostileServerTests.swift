import Foundation
import Testing

extension LabTests {
  @Suite("Hostile servers", .timeLimit(.minutes(5)))
  struct HostileServers {
    /// A server, and what each check of it comes to.
    private struct Case {
      let name: String
      let behaviour: BackendStandIn.Behaviour
      let status: String
      let sentence: String
    }

    /// Longer than a check may take; the checks of all cases fit into one at a time.
    private static let timeout = 4

    private static let loading = #"{"error":{"code":503,"message":"Loading model"}}"#

    private static let cases = [
      Case(
        name: "endless", behaviour: .endless, status: "unhealthy", sentence: "answer over 1 MiB"),
      Case(
        name: "endless head", behaviour: .endlessHead, status: "unhealthy",
        sentence: "headers over 16 KiB"),
      Case(
        name: "drip", behaviour: .drip, status: "unhealthy",
        sentence: "timed out after \(timeout) s"),
      Case(
        name: "drip head", behaviour: .dripHead, status: "unhealthy",
        sentence: "timed out after \(timeout) s"),
      Case(
        name: "hang", behaviour: .hang, status: "unhealthy",
        sentence: "timed out after \(timeout) s"),
      Case(
        name: "close", behaviour: .close, status: "unhealthy",
        sentence: "connection closed without an answer"),
      Case(
        name: "ssh", behaviour: .raw("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), status: "unhealthy",
        sentence: "the answer is not HTTP"),
      Case(
        name: "noise", behaviour: .raw("\u{1}\u{7F}\u{0}\r\n\r\n", times: 2000),
        status: "unhealthy", sentence: "the answer is not HTTP"),
      Case(
        name: "broken", behaviour: .status(500), status: "unhealthy", sentence: "HTTP 500"),
      Case(
        name: "loading", behaviour: .status(503, loading), status: "unhealthy",
        sentence: "loading its model (HTTP 503)"),
      Case(
        name: "busy", behaviour: .status(503), status: "unhealthy",
        sentence: "not ready (HTTP 503)"),
      Case(name: "locked", behaviour: .status(401), status: "healthy", sentence: "needs a key"),
      Case(name: "barred", behaviour: .status(403), status: "healthy", sentence: "needs a key"),
      Case(
        name: "deep", behaviour: .body("[", times: 500_000), status: "healthy",
        sentence: "answers, but as no known kind of server"),
      Case(
        name: "page", behaviour: .body("<html>hello</html>"), status: "healthy",
        sentence: "answers, but as no known kind of server"),
    ]

    @Test(
      "whatever a server does, a check ends at its limits and says in a sentence what was wrong")
    func limits() async throws {
      try await withPeer { peer, neighbour, listener in
        let address = await peer.address
        let servers = Self.cases.enumerated().map { index, one in
          BackendStandIn.Server(port: 9000 + index, behaviour: one.behaviour)
        }
        let standIn = try await peer.startStandIn(servers)
        let daemon = try await listener.startDaemon(
          Daemon.checking(interval: 10, timeout: Self.timeout, failures: 1))
        try await neighbour.announce(
          Self.cases.enumerated().map { .llm($1.name, 9000 + $0, at: [address]) })
        // On a busy machine a check may time out that would have come to something else; the next does.
        let found = try await daemon.backends(within: .seconds(60), "all checked") { found in
          Self.cases.allSatisfy { one in
            guard let backend = found[one.name], backend.lastCheck != nil else { return false }
            return backend.lastError == one.sentence
              || backend.lastError?.hasPrefix("timed out") != true
          }
        }
        let traffic = try await standIn.traffic()
        for (index, one) in Self.cases.enumerated() {
          #expect(found[one.name]?.status == one.status, "\(one.name)")
          #expect(found[one.name]?.lastError == one.sentence, "\(one.name)")
          let counts = try #require(traffic[9000 + index])
          // The one that sends a byte a second notices a second later that nobody listens.
          #expect(counts.longestConnection < Double(Self.timeout) + 8, "\(one.name)")
          // What the kernels of both hosts buffer comes on top of 1 MiB.
          #expect(counts.mostSent < 12 << 20, "\(one.name) sent \(counts.mostSent)")
        }
        let shown = try await daemon.command("show", "locked").output
        #expect(shown.contains("needs a key"))
      }
    }

    @Test("a redirect is not followed, wherever it leads")
    func redirects() async throws {
      try await withPeer { peer, neighbour, listener in
        let (address, own) = (await peer.address, await listener.address)
        try await listener.addAddress("169.254.169.254/32", to: "lo")
        let witness = try await listener.startStandIn([.init(port: 9000)])
        let targets = [
          "http://127.0.0.1:9000/v1/models", "http://169.254.169.254:9000/latest/meta-data",
          "http://\(own):9000/", "http://\(address):9100/v1/models", "//\(own):9000/",
          "/v1/models?again",
        ]
        let standIn = try await peer.startStandIn(
          targets.enumerated().map {
            .init(port: 9001 + $0.offset, behaviour: .redirect(to: $0.element))
          } + [.init(port: 9100)])
        let daemon = try await listener.startDaemon(Daemon.checking(interval: 2, failures: 1))
        try await neighbour.announce(
          targets.indices.map { .llm("to-\($0)", 9001 + $0, at: [address]) })
        let found = try await daemon.backends("all checked") {
          $0.count == targets.count && $0.values.allSatisfy { $0.lastCheck != nil }
        }
        for backend in found.values {
          #expect(backend.status == "unhealthy")
          #expect(backend.lastError == "HTTP 302, and redirects are not followed")
        }
        #expect(try await witness.traffic(at: 9000).connections == 0)
        #expect(try await standIn.traffic(at: 9100).connections == 0)
        let last = try await standIn.traffic(at: 9000 + targets.count)
        #expect(!last.requests.keys.contains { $0.contains("again") })
      }
    }

    /// What no stranger may name; the last is the broadcast address of the lab's LAN.
    private static let refused = [
      "127.0.0.1", "127.1.2.3", "169.254.169.254", "8.8.8.8", "0.0.0.0", "224.0.0.1", "::1", "::",
      "2606:4700::1111", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "10.77.0.255",
    ]

    @Test("nothing ever connects to an address outside the trust rules")
    func refusedAddresses() async throws {
      try await withPeer { peer, neighbour, listener in
        let address = await peer.address
        // So that there is a way even to those.
        try await listener.succeed("ip", "route", "add", "default", "via", address)
        try await listener.succeed("ip", "-6", "route", "add", "default", "dev", "eth0")
        let strays = try await listener.countConnections(except: [address, "192.0.2.1"])
        let standIn = try await peer.startStandIn([.init(port: 8080)])
        let daemon = try await listener.startDaemon(
          Daemon.checking(more: "[logging]\nlevel = \"debug\""))
        try await neighbour.announce(
          Self.refused.enumerated().map { .llm("alone-\($0)", 8080, at: [$1]) }
            + [.llm("mixed", 8080, at: Self.refused + [address])], over: ["ipv4", "ipv6"])
        let found = try await daemon.backend("a healthy one") { $0.status == "healthy" }
        #expect(found.addresses == [address])
        for index in Self.refused.indices {
          try await daemon.logged("skipped") { $0["name"] == "alone-\(index)" }
        }
        // With its server gone too, no other address is tried.
        try await standIn.die()
        try await daemon.logged("unhealthy", within: .seconds(60)) { $0["name"] == "mixed" }
        #expect(try await strays() == 0)
        // What counts them does count.
        _ = try await listener.run([
          "/usr/bin/python3", "-c", "import socket; socket.create_connection(('127.1.2.3', 8080))",
        ])
        #expect(try await strays() > 0)
      }
    }
  }
}
