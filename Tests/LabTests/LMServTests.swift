import Foundation
import Testing

extension LabTests {
  /// LMServ announces itself with python-zeroconf: the host's name as the instance, one IPv4 address, and
  /// a text about the node.
  @Suite("LMServ nodes", .timeLimit(.minutes(2)))
  struct LMServ {
    /// Its host's name; without one python-zeroconf takes the service's own, which is no host name.
    private static let servers = ["gpu-box-01.local.", nil]

    private static func node(
      _ info: String?, at address: String, server: String?
    ) -> ZeroconfPeer.Service {
      var node = ZeroconfPeer.Service(
        name: "gpu-box-01", type: "_lmserv._tcp.local.", port: 8000, addresses: [address])
      if let info { node.txt = ["info": info] }
      node.server = server
      return node
    }

    /// What LMServ's NodeInfo has.
    private struct Node: Decodable, Equatable {
      let host: String
      let port: Int
      let info: String?
    }

    @Test(
      "a node has host, port and info, in the list and in a scan, until its goodbye and grace end",
      arguments: servers)
    func node(server: String?) async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let alpha = try await lab.bareHost("alpha", on: [lan])
        let beta = try await listening
        let address = await alpha.address
        let peer = try await alpha.startZeroconfPeer()
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()

        let lines = "gemma-2b-it Q4_0\nGPU: 24 GB\r\n\t\"größe\" \u{1F999}\u{1B}[31m"
        try await peer.register([Self.node(lines, at: address, server: server)])
        let backend = try await daemon.backend()
        #expect(backend.name == "gpu-box-01")
        #expect(backend.type == "lmserv")
        #expect(backend.url == "http://\(address):8000")
        #expect(backend.addresses == [address])
        #expect(backend.mdnsInstance == "gpu-box-01._lmserv._tcp.local")
        #expect(backend.txt == ["info": lines])
        #expect(backend.info == lines)
        let table = try await daemon.command("list").output.split(separator: "\n")
        #expect(table.count == 3, "its heading, the marker and the node, a line each")
        let shown = try await daemon.command("show", "gpu-box-01").output
        #expect(shown.contains(#"gemma-2b-it Q4_0\nGPU: 24 GB"#))
        #expect(!shown.contains("\u{1B}"))

        // As long as a TXT record's string can be, in characters of two bytes; then none at all.
        let long = String(repeating: "ä", count: 125)
        for info in [long, "", nil] {
          // What comes within a second of the record before it stands beside it (RFC 6762 §10.2).
          try await letTimePass(.milliseconds(1500))
          try await peer.update([Self.node(info, at: address, server: server)])
          let changed = try await daemon.backend("another info") { $0.info == info }
          #expect(changed.id == backend.id)
          let scan = try await daemon.command("discover", "--timeout", "3", "--json")
          let expected = Node(host: address, port: 8000, info: info)
          for text in [scan.output, try await daemon.command("list", "--json").output] {
            let nodes = try LabJSON.decode([Node].self, from: text)
            #expect(nodes.filter { $0.port == 8000 } == [expected])
          }
        }
        #expect(!watch.events(of: "gpu-box-01").contains("disappeared"))

        try await peer.withdraw([Self.node(nil, at: address, server: server)])
        let (gone, _) = try await watch.change("disappeared", of: "gpu-box-01")
        let expires = try #require(gone.backend.expiresAt)
        try await watch.change("removed", of: "gpu-box-01")
        // The daemon's own times: a busy machine lets readers wait.
        let telling = try await daemon.logged("disappeared").date
        let told = try #require(telling)
        #expect(abs(expires.timeIntervalSince(told) - 3) < 0.25)
        let ending = try await daemon.logged("removed").date
        let ended = try #require(ending)
        #expect(abs(ended.timeIntervalSince(expires)) < 0.25)
        #expect(try await daemon.list().isEmpty)
      }
    }

    @Test(
      "a node that dies without a goodbye is gone when its records' lifetime and grace are over"
    )
    func nodeDies() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let alpha = try await lab.bareHost("alpha", on: [lan])
        let beta = try await listening
        let peer = try await alpha.startZeroconfPeer()
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        var node = Self.node("gemma-2b-it", at: await alpha.address, server: nil)
        node.lifetime = 10
        try await peer.register([node])
        try await watch.change("added", of: "gpu-box-01")
        try await alpha.signal("KILL", peer.process)
        // avahi-daemon takes some 4 s after the lifetime to give it up.
        try await watch.change("disappeared", of: "gpu-box-01", within: .seconds(20))
        try await watch.change("removed", of: "gpu-box-01")
        #expect(try await daemon.list().isEmpty)
      }
    }
  }
}
