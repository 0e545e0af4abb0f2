import Foundation
import Testing

extension LabTests {
  @Suite("Asking again", .timeLimit(.minutes(5)))
  struct Queries {
    /// Has alpha announce a service that the daemon on beta does not hear of; returns when
    /// avahi-daemon began to ask for it.
    ///
    /// From then on avahi-daemon asks after 0, 1, 3, 7, 15 and 31 s. Multicast passes again when none of
    /// its questions falls into the next seconds, and the announcements, the last of which comes 3.5 s
    /// after the first, are over.
    private func publishUnheard(on alpha: LabHost, by daemon: Daemon) async throws -> Date {
      let up = try await daemon.logged("source_up") { $0["source"] == "mdns" }.date
      let start = try #require(up)
      try await daemon.host.dropMulticast()
      _ = try await alpha.publish("lost", "_ollama._tcp", 11434)
      try await letTimePass(.seconds(max(9 + start.timeIntervalSinceNow, 4)))
      #expect(try await daemon.list().isEmpty)
      try await daemon.host.letMulticastPass()
      return start
    }

    /// Expects it to be found before avahi-daemon asks again by itself, by the daemon's own clock.
    private func expectFound(by daemon: Daemon, since start: Date) async throws {
      let finding = try await daemon.logged("discovered") { $0["name"] == "lost" }
      let found = try #require(finding.date)
      #expect(found.timeIntervalSince(start) < 15, "avahi-daemon has asked by itself")
      _ = try await daemon.backend()
    }

    @Test("an announcement lost on the wire is found at the next query")
    func foundAtNextQuery() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 3))
        let start = try await publishUnheard(on: alpha, by: daemon)
        try await expectFound(by: daemon, since: start)
      }
    }

    @Test("with no queries of its own, \"refresh\" finds it at once")
    func foundOnRefresh() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 0))
        let start = try await publishUnheard(on: alpha, by: daemon)
        try await letTimePass(.seconds(2))
        #expect(try await daemon.list().isEmpty)
        let refresh = try await daemon.command("refresh")
        #expect(refresh.status == .status(0))
        // Not how soon, but that nobody else's question found it: it comes within 0.2 s on a machine
        // that has nothing else to do.
        try await expectFound(by: daemon, since: start)
      }
    }

    @Test("who is known keeps quiet when asked again, however many there are")
    func knownAnswers() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let alpha = try await lab.bareHost("peer", on: [lan])
        let peer = try await alpha.startZeroconfPeer()
        let address = await alpha.address
        let daemon = try await listening.startDaemon(Daemon.configuration(queryInterval: 0))
        // Three packets of known answers.
        let services = (0..<150).map {
          ZeroconfPeer.Service(name: "node-\($0)", port: 20000 + $0, addresses: [address])
        }
        try await peer.register(services)
        _ = try await eventually(within: .seconds(60), "150 backends") {
          try await daemon.list().count == 150 ? true : nil
        }

        // Long before avahi-daemon asks by itself, and when what it asked last is answered.
        try await daemon.waits(for: .second)
        _ = try await eventually(within: .seconds(60), "a peer that is quiet") { () -> Bool? in
          let before = try await alpha.datagrams().sent
          try await letTimePass(.seconds(1))
          return try await alpha.datagrams().sent == before ? true : nil
        }
        let before = try await alpha.datagrams()
        let refresh = try await daemon.command("refresh")
        #expect(refresh.status == .status(0))
        _ = try await eventually(within: .seconds(10), "the question and what is known") {
          try await alpha.datagrams().received >= before.received + 3 ? true : nil
        }
        // Who answers waits for half a second at most when more is to follow (RFC 6762 §7.2).
        try await letTimePass(.seconds(2))
        let after = try await alpha.datagrams()
        #expect(after.sent == before.sent)
      }
    }
  }
}

extension LabHost {
  /// How many UDP datagrams its programs have sent and received, as the kernel counts them.
  fileprivate func datagrams() async throws -> (sent: Int, received: Int) {
    let rows = try await succeed("cat", "/proc/net/snmp").split(separator: "\n")
      .filter { $0.hasPrefix("Udp: ") }.map { $0.split(separator: " ") }
    let (names, values) = (try #require(rows.first), try #require(rows.last))
    func count(_ name: String) throws -> Int {
      let column = try #require(names.firstIndex { $0 == name })
      return try #require(Int(values[column]))
    }
    return (sent: try count("OutDatagrams"), received: try count("InDatagrams"))
  }
}
