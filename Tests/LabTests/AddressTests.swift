import Foundation
import Testing

extension PatientLabTests {
  @Suite("Addresses", .serialized, .timeLimit(.minutes(5)))
  struct Addresses {
    private static let port = 11434

    /// Publishes a server on `alpha`, expects it to be listed on `beta` just so, and fetches its URL.
    @discardableResult
    private func expectListed(
      of alpha: LabHost, on beta: LabHost, _ addresses: [String], url host: String,
      interfaces: [String] = ["eth0"]
    ) async throws -> Daemon {
      let daemon = try await beta.startDaemon()
      try await alpha.serve("here is \(alpha.name)", at: Self.port)
      _ = try await alpha.publish("box", "_ollama._tcp", Self.port)
      // What comes later would show a second or two later.
      _ = try await daemon.backend("all addresses") { $0.addresses.count >= addresses.count }
      try await letTimePass(.seconds(2))
      let backend = try await daemon.backend()
      #expect(backend.addresses == addresses)
      #expect(backend.url == "http://\(host):\(Self.port)")
      #expect(backend.interfaces == interfaces)
      #expect(try await beta.fetch(backend.url) == "here is alpha")
      return daemon
    }

    @Test("with two interfaces on one network, a server is one backend, its zones those of both")
    func twoInterfacesOnOneNetwork() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let publishing = lab.host("alpha", on: [lan])
        async let listening = lab.host("beta", on: [lan, lan])
        let (alpha, beta) = (try await publishing, try await listening)
        let (address, linkLocal) = (
          await alpha.address, try await alpha.linkLocalAddress(on: "eth0")
        )
        try await expectListed(
          of: alpha, on: beta, [address, "\(linkLocal)%eth0", "\(linkLocal)%eth1"], url: address,
          interfaces: ["eth0", "eth1"])
      }
    }

    @Test("a server on two networks, both of them ours: one backend with the addresses of both")
    func bothNetworksAreOurs() async throws {
      try await withLab { lab in
        let lans = [try await lab.lan(), try await lab.lan()]
        async let publishing = lab.host("alpha", on: lans)
        async let listening = lab.host("beta", on: lans)
        let (alpha, beta) = (try await publishing, try await listening)
        let addresses = await alpha.ipv4
        var linkLocal: [String] = []
        for interface in ["eth0", "eth1"] {
          linkLocal.append(
            "\(try await alpha.linkLocalAddress(on: interface))%\(interface)")
        }
        try await expectListed(
          of: alpha, on: beta, addresses + linkLocal.inAddressOrder(), url: addresses[0],
          interfaces: ["eth0", "eth1"])
      }
    }

    @Test("a server on two networks, one of them ours: its addresses there come first")
    func oneNetworkIsOurs() async throws {
      try await withLab { lab in
        let lans = [try await lab.lan(), try await lab.lan()]
        async let publishing = lab.host("alpha", on: lans)
        let beta = try await lab.host("beta", on: [lans[1]])
        let alpha = try await publishing
        let addresses = await alpha.ipv4
        let linkLocal = try await alpha.linkLocalAddress(on: "eth1")
        let daemon = try await expectListed(
          of: alpha, on: beta, [addresses[1], "\(linkLocal)%eth0"], url: addresses[1])

        // Other responders tell all their addresses on each network.
        let peer = try await lab.bareHost("peer", on: [lans[1]])
        try await peer.startZeroconfPeer().register([
          ZeroconfPeer.Service(
            name: "all", port: Self.port, addresses: ["10.77.0.200", "10.77.1.200"])
        ])
        let all = try await eventually(within: .seconds(20), "the other one") {
          try await daemon.list().first { $0.name == "all" && $0.addresses.count == 2 }
        }
        #expect(all.addresses == ["10.77.1.200", "10.77.0.200"])
        #expect(all.url == "http://10.77.1.200:\(Self.port)")
      }
    }

    @Test("IPv6 alone: the global address, which needs no zone")
    func ipv6Only() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let alpha = try await lab.bareHost("alpha", on: [lan], ipv4: false)
        let beta = try await lab.bareHost("beta", on: [lan], ipv4: false)
        try await alpha.addAddress("fd77::a/64", to: "eth0")
        try await beta.addAddress("fd77::b/64", to: "eth0")
        for host in [alpha, beta] {
          try await host.startBus()
          try await host.startAvahi()
        }
        try await expectListed(of: alpha, on: beta, ["fd77::a"], url: "[fd77::a]")
      }
    }

    @Test("link-local alone, in IPv6: an address for each of our interfaces, the URL with a zone")
    func linkLocalOnly() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let publishing = lab.host("alpha", on: [lan], ipv4: false)
        async let listening = lab.host("beta", on: [lan, lan], ipv4: false)
        let (alpha, beta) = (try await publishing, try await listening)
        let address = try await alpha.linkLocalAddress(on: "eth0")
        try await expectListed(
          of: alpha, on: beta, ["\(address)%eth0", "\(address)%eth1"],
          url: "[\(address)%25eth0]", interfaces: ["eth0", "eth1"])
      }
    }

    @Test("link-local alone, in both families: IPv4 first")
    func linkLocalIPv4() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let alpha = try await lab.bareHost("alpha", on: [lan], ipv4: false)
        let beta = try await lab.bareHost("beta", on: [lan], ipv4: false)
        try await alpha.addAddress("169.254.7.1/16", to: "eth0")
        try await beta.addAddress("169.254.7.2/16", to: "eth0")
        for host in [alpha, beta] {
          try await host.startBus()
          try await host.startAvahi()
        }
        let linkLocal = try await alpha.linkLocalAddress(on: "eth0")
        try await expectListed(
          of: alpha, on: beta, ["169.254.7.1", "\(linkLocal)%eth0"], url: "169.254.7.1")
      }
    }
  }
}
