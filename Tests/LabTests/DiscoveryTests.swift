import Foundation
import Testing

extension LabTests {
  @Suite("Discovery", .timeLimit(.minutes(5)))
  struct Discovery {
    @Test("a service on another host is listed with its id, url, type, addresses and TXT record")
    func isListed() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        _ = try await alpha.publish(
          "gpu-box-02", "_ollama._tcp", 11434, ["version=0.5.7", "models=llama3:8b"])
        let backend = try await daemon.backend("both addresses") { $0.addresses.count == 2 }

        let address = await alpha.address
        let linkLocal = try await alpha.linkLocalAddress(on: "eth0")
        let id = try await beta.identifier(ofInstance: "gpu-box-02._ollama._tcp.local")
        #expect(backend.id == id)
        #expect(backend.name == "gpu-box-02")
        #expect(backend.url == "http://\(address):11434")
        #expect(backend.host == address)
        #expect(backend.port == 11434)
        #expect(backend.type == "ollama")
        #expect(backend.apiPath == "")
        #expect(backend.status == "unknown")
        #expect(backend.source == "mdns")
        #expect(backend.sources == ["mdns"])
        #expect(backend.priority == 50)
        #expect(backend.addresses == [address, "\(linkLocal)%eth0"])
        #expect(backend.hostname == "alpha.local")
        #expect(backend.mdnsInstance == "gpu-box-02._ollama._tcp.local")
        #expect(backend.serviceType == "_ollama._tcp.local")
        #expect(backend.version == "0.5.7")
        #expect(backend.models == ["llama3:8b"])
        #expect(backend.txt == ["version": "0.5.7", "models": "llama3:8b"])
        #expect(backend.interfaces == ["eth0"])
        #expect(!backend.local)
        #expect(!backend.stale)
        #expect(backend.expiresAt == nil)
        #expect(abs(backend.firstSeen.timeIntervalSinceNow) < 30)
        #expect(backend.lastSeen >= backend.firstSeen)
      }
    }

    @Test("each key that scripts rely on is there")
    func keysAreThere() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let (_, line) = try await watch.change("added", of: "box")
        let backend = try #require(try LabJSON.object(line.text)["backend"] as? [String: Any])
        let promised: Set = [
          "id", "name", "url", "type", "status", "source", "sources", "priority", "api_path",
          "host", "port", "addresses", "hostname", "mdns_instance", "service_type", "version",
          "models", "info", "txt", "interfaces", "local", "stale", "first_seen", "last_seen",
          "expires_at", "last_check", "latency_ms", "last_error",
        ]
        #expect(promised.subtracting(backend.keys).isEmpty)
      }
    }

    @Test("it is there within 100 ms of avahi-browse on the same host having it resolved")
    func isThereAtOnce() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        let browser = try await beta.browse("_ollama._tcp")
        var delays: [Duration] = []
        for round in 1...5 {
          let name = "box-\(round)"
          _ = try await alpha.publish(name, "_ollama._tcp", 11430 + round)
          let (_, added) = try await watch.change("added", of: name)
          let resolved = try await browser.line("\(name) resolved") {
            $0.text.hasPrefix("=;eth0;") && $0.text.contains(";\(name);")
          }
          delays.append(resolved.at.duration(to: added.at))
        }
        // The median: a single one may be that of a machine that had other things to do, one way or
        // the other.
        #expect(delays.sorted()[2] < .milliseconds(100), "\(delays)")
      }
    }

    struct Advertised: Sendable, CustomTestStringConvertible {
      let type: String
      let txt: [String]
      let backendType: String
      let path: String

      var testDescription: String { "\(type) \(txt)" }
    }

    @Test(
      "TXT record and service type tell the type and the API's path",
      arguments: [
        Advertised(type: "_ollama._tcp", txt: [], backendType: "ollama", path: ""),
        Advertised(type: "_llm._tcp", txt: ["type=vLLM"], backendType: "vllm", path: "/v1"),
        Advertised(
          type: "_llm._tcp", txt: ["type=vllm", "api_path=/api/v2"], backendType: "vllm",
          path: "/api/v2"),
        Advertised(
          type: "_llm._tcp", txt: ["type=vllm", "api_path=//evil.example/"],
          backendType: "vllm", path: "/v1"),
        Advertised(type: "_lmserv._tcp", txt: ["info=node 1"], backendType: "lmserv", path: ""),
        Advertised(type: "_exo._tcp", txt: [], backendType: "exo", path: "/v1"),
      ])
    func typeAndPath(_ advertised: Advertised) async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        _ = try await alpha.publish("box", advertised.type, 8000, advertised.txt)
        // Of a server that is known by its link-local address alone as yet the URL would be another.
        let backend = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        #expect(backend.type == advertised.backendType)
        #expect(backend.apiPath == advertised.path)
        let address = await alpha.address
        #expect(backend.url == "http://\(address):8000\(advertised.path)")
      }
    }

    @Test("what is announced on this very machine is listed, as local")
    func ownServicesAreLocal() async throws {
      try await withTwoHosts { _, beta in
        let daemon = try await beta.startDaemon()
        _ = try await beta.publish("mine", "_ollama._tcp", 11434)
        #expect(try await daemon.backend().local)
      }
    }

    @Test("discover finds the LAN's servers once each, with or without a daemon")
    func discoverScans() async throws {
      try await withTwoHosts { alpha, beta in
        let scan = [LabAvailability.binary, "discover", "--timeout", "3", "--json"]
        let nothing = try await beta.run(scan)
        #expect(nothing.status == .status(0))
        #expect(nothing.output == "[]")

        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        _ = try await alpha.publish("node", "_lmserv._tcp", 8080, ["info=a node"])
        let found = try await beta.run(scan)
        #expect(found.status == .status(0))
        let servers = try #require(
          try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]])
        let names = servers.compactMap { $0["name"] as? String }.sorted()
        #expect(names == ["box", "node"])
        let node = try #require(servers.first { $0["name"] as? String == "node" })
        let address = await alpha.address
        #expect(node["host"] as? String == address)
        #expect(node["port"] as? Int == 8080)
        #expect(node["info"] as? String == "a node")
      }
    }
  }
}
