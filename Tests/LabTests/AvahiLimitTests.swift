import Foundation
import Testing

extension LabTests {
  @Suite("Avahi's limits", .timeLimit(.minutes(5)))
  struct AvahiLimits {
    private static let count = 1500

    /// A daemon on a host whose avahi-daemon has `configuration`, and 1,500 services on its LAN.
    private func withManyServices(
      avahi configuration: String, _ body: (Daemon) async throws -> Void
    ) async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let beta = try await lab.host("beta", on: [lan], avahi: configuration)
        let alpha = try await lab.bareHost("peer", on: [lan])
        let peer = try await alpha.startZeroconfPeer()
        let address = await alpha.address
        let daemon = try await beta.startDaemon()
        try await peer.register(
          (0..<Self.count).map {
            ZeroconfPeer.Service(
              name: "node-\($0)", port: 20000 + $0, txt: ["version": "1.\($0)"],
              addresses: [address])
          })
        try await body(daemon)
      }
    }

    private func limits(of daemon: Daemon) async throws -> [String] {
      try await daemon.source("mdns")?.limits.map(\.name) ?? []
    }

    @Test("1,500 services in a default cache: what it holds stays, and the limit is said once")
    func defaultCache() async throws {
      try await withManyServices(avahi: "") { daemon in
        let line = try await daemon.logged("limit_reached", within: .seconds(90))
        #expect(line["reason"] == "avahi_cache")
        #expect(line["message"]?.contains("cache-entries-max (now 4096)") == true)
        #expect(line["message"]?.contains("/etc/avahi/avahi-daemon.conf") == true)
        let listed = try await daemon.list()
        #expect(listed.count > 700)
        try await letTimePass(.seconds(15))
        #expect(try await daemon.list().count >= listed.count)
        #expect(try await limits(of: daemon) == ["avahi_cache"])
        #expect(daemon.log.filter { $0["event"] == "limit_reached" }.count == 1)
        let shown = try await daemon.command("status").output
        #expect(shown.contains("cache-entries-max"))
      }
    }

    @Test("1,500 services and a raised cache: all are there, over as many clients as it takes")
    func raisedCache() async throws {
      try await withManyServices(avahi: "cache-entries-max=200000") { daemon in
        _ = try await eventually(within: .seconds(90), "1,500 backends") {
          try await daemon.list().count == Self.count ? true : nil
        }
        // A resolver each, of which the default grants a client 1,024.
        #expect(try await daemon.avahiClients() > 1)
        try await letTimePass(.seconds(15))
        #expect(try await limits(of: daemon) == [])
        #expect(daemon.log.filter { $0["event"] == "limit_reached" }.isEmpty)
      }
    }

    @Test("objects that run out are said once, and what has one stays")
    func fewObjects() async throws {
      let configuration = "cache-entries-max=200000\nobjects-per-client-max=16"
      try await withManyServices(avahi: configuration) { daemon in
        let line = try await daemon.logged("limit_reached", within: .seconds(90))
        #expect(line["reason"] == "avahi_objects")
        #expect(line["message"]?.contains("objects-per-client-max (now 16,") == true)
        try await letTimePass(.seconds(15))
        let listed = try await daemon.list()
        #expect(listed.count > 900 && listed.count < 64 * 16)
        #expect(try await limits(of: daemon) == ["avahi_objects"])
        #expect(daemon.log.filter { $0["event"] == "limit_reached" }.count == 1)
      }
    }
  }
}
