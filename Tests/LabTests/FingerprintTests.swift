import Foundation
import Testing

extension LabTests {
  @Suite("What servers are", .timeLimit(.minutes(5)))
  struct Fingerprints {
    private static let kinds = [
      "localai", "koboldcpp", "lmstudio", "exo", "llamacpp", "sglang", "vllm", "ollama", "tabbyapi",
      "openai-compatible",
    ]

    private static let versions = [
      "localai": "v3.1.0", "koboldcpp": "1.92.1", "llamacpp": "b4321-0abcdef", "vllm": "0.9.1",
      "ollama": "0.5.7",
    ]

    @Test("all ten kinds are told apart without any TXT record, and their models are listed")
    func tellsApart() async throws {
      try await withPeer { peer, neighbour, listener in
        let address = await peer.address
        var servers = Self.kinds.enumerated().map {
          BackendStandIn.Server(port: 8001 + $0.offset, kind: $0.element)
        }
        servers.append(.init(port: 8100, kind: "tabbyapi", key: "secret"))
        let standIn = try await peer.startStandIn(servers)
        let daemon = try await listener.startDaemon(Daemon.checking())
        try await neighbour.announce(
          servers.map { .llm("\($0.kind)-\($0.port)", $0.port, at: [address], txt: nil) })
        let found = try await daemon.backends("all healthy") {
          $0.count == servers.count && $0.values.allSatisfy { $0.status == "healthy" }
        }

        for server in servers {
          let backend = try #require(found["\(server.kind)-\(server.port)"])
          #expect(backend.txt.isEmpty)
          #expect(backend.type == server.kind, "port \(server.port)")
          #expect(backend.detectedType == server.kind, "port \(server.port)")
          #expect(backend.version == (server.key == nil ? Self.versions[server.kind] : nil))
          #expect(backend.models == (server.key == nil ? ["alpha:3b", "zephyr:7b"] : []))
          #expect(backend.lastError == (server.key == nil ? nil : "needs a key"))
          #expect(backend.lastCheck != nil)
          #expect((0..<5000).contains(backend.latencyMs ?? -1))
        }
        try await showsModels(daemon, kinds: Self.kinds.count)

        // The checks after the first ask for the models alone.
        try await standIn.resetCounts()
        let traffic = try await eventually(within: .seconds(40), "another check of each") {
          let traffic = try await standIn.traffic()
          return traffic.values.allSatisfy { $0.count > 0 } ? traffic : nil
        }
        for (port, counts) in traffic where port != 8100 {
          #expect(counts.requests.count == 1, "\(port): \(counts.requests)")
        }
      }
    }

    /// What people and clients see of the models.
    private func showsModels(_ daemon: Daemon, kinds: Int) async throws {
      let listed = try await daemon.command("list", "--model", "alpha:3b", "--json").output
      let serving = try LabJSON.decode([ListedBackend].self, from: listed)
      #expect(serving.count == kinds)
      let models = try await daemon.command("models").output
      #expect(models.contains("alpha:3b") && models.contains("zephyr:7b"))
      let shown = try await daemon.command("show", "vllm-8007").output
      #expect(shown.contains("zephyr:7b") && shown.contains("0.9.1"))
    }

    @Test("checks ask no more than they must: GET alone, no key, no cookie, never /v1/v1")
    func asksLittle() async throws {
      try await withPeer { peer, neighbour, listener in
        let address = await peer.address
        let servers = Self.kinds.enumerated().map {
          BackendStandIn.Server(port: 8001 + $0.offset, kind: $0.element)
        }
        let standIn = try await peer.startStandIn(servers)
        let paths = ["api_path=/v1", "api_path=/v1/", "api_path=/", "path=/v1", "type=openai"]
        let announced = servers.enumerated().map { index, server in
          RawNeighbour.Service.llm(
            server.kind, server.port, at: [address], txt: [paths[index % paths.count]])
        }
        let static11 = Daemon.configured("static", "http://\(address):8001/v1")
        let daemon = try await listener.startDaemon(Daemon.checking(more: static11))
        try await neighbour.announce(announced)
        try await daemon.backends("all healthy") {
          $0.count == servers.count && $0.values.allSatisfy { $0.status == "healthy" }
        }
        for (port, traffic) in try await standIn.traffic() {
          let paths = traffic.requests.keys
          #expect(!paths.contains { $0.contains("/v1/v1") || $0.contains("//") }, "\(paths)")
          #expect(traffic.keys.isEmpty && traffic.odd.isEmpty, "port \(port)")
          #expect(traffic.mostOpen == 1, "one check at a time per server")
        }
      }
    }

    @Test("what TXT says and the server is not: said once, and shown")
    func contradiction() async throws {
      try await withPeer { peer, neighbour, listener in
        let standIn = try await peer.startStandIn([.init(port: 8080, kind: "localai")])
        let service = RawNeighbour.Service.llm(
          "liar", 8080, at: [await peer.address], txt: ["type=ollama"])
        try await neighbour.announce([service])
        let daemon = try await listener.startDaemon(Daemon.checking(interval: 1))
        let backend = try await daemon.backend("a healthy one") { $0.status == "healthy" }
        #expect(backend.type == "ollama")
        #expect(backend.detectedType == "localai")
        #expect(backend.lastError == "answers as localai, not as ollama")
        #expect(backend.models == ["alpha:3b", "zephyr:7b"])
        let shown = try await daemon.command("show", "liar").output
        #expect(shown.contains("localai"))
        try await standIn.resetCounts()
        _ = try await eventually(within: .seconds(40), "three more checks") {
          try await standIn.traffic(at: 8080).count >= 3 ? true : nil
        }
        let said = daemon.log.filter { $0["reason"] == "contradiction" }
        #expect(said.compactMap { $0["message"] }.count == 1, "\(said)")
      }
    }
  }
}
