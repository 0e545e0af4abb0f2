import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import NexusDiscovery

@Suite("What a program is told of a server")
struct DiscoveredServiceTests {
  /// The one backend that comes of a sighting.
  private func backend(_ sighting: Sighting) throws -> Backend {
    var state = RegistryState(network: .oneInterface)
    _ = state.apply(.serviceFound(sighting), from: .mdns, at: ManualClock().now())
    return try #require(state.snapshot().backends.first)
  }

  @Test("a service has its name, type, address and what its TXT record says")
  func service() throws {
    let service = DiscoveredService(
      try backend(
        .mdns(
          "gpu1", type: "_llm._tcp", port: 8000, at: ["10.0.0.5", "fe80::5%eth0"],
          txt: ["Type": "vLLM", "models": "b,a", "version": "0.9", "Flag": nil, "info": "rack 2"])))
    #expect(service.name == "gpu1")
    #expect(service.type == "_llm._tcp")
    #expect(service.kind == "vllm")
    #expect(service.url == "http://10.0.0.5:8000/v1")
    #expect(service.host == "10.0.0.5")
    #expect(service.port == 8000)
    #expect(service.addresses == ["10.0.0.5", "fe80::5%eth0"])
    #expect(service.hostname == "gpu1.local")
    #expect(service.models == ["a", "b"])
    #expect(service.version == "0.9")
    #expect(service.info == "rack 2")
    #expect(
      service.txt == [
        "type": "vLLM", "models": "b,a", "version": "0.9", "flag": "", "info": "rack 2",
      ])
    #expect(!service.isLocal)
  }

  @Test("a node is its address, its port and its info, whatever that holds")
  func node() throws {
    let info = "gemma-2b-it\nQ4_0\t\u{1B}[1m"
    let told = NodeInfo(
      try backend(.mdns("gpu1", type: "_lmserv._tcp", port: 8000, txt: ["info": info])))
    #expect(told == NodeInfo(host: "10.0.0.5", port: 8000, info: info))
    #expect(told.url == "http://10.0.0.5:8000")
  }

  @Test("a node that has a link-local address alone has a URL that clients with zones take")
  func linkLocal() {
    let node = NodeInfo(host: "fe80::5%eth0", port: 8000)
    #expect(node.url == "http://[fe80::5%25eth0]:8000")
  }

  @Test("nodes that say the same from the same place are one")
  func unique() {
    let first = NodeInfo(host: "10.0.0.5", port: 8000, info: "a")
    let second = NodeInfo(host: "10.0.0.4", port: 8000)
    #expect([first, second, first].unique == [first, second])
  }

  @Test("types are taken in any usual spelling, once each, and a wrong one is named with its rule")
  func types() throws {
    let settings = try DiscoverySettings(
      parsing: ["_ollama._tcp", "_OLLAMA._tcp.local.", "_llm._tcp.local"])
    #expect(settings.serviceTypes.map(\.name) == ["_ollama._tcp", "_llm._tcp"])
    #expect(settings.gracePeriod == .zero)
    let message =
      "bad service type \"ollama\": a service type has two labels, as in \"_ollama._tcp\""
      + " (RFC 6763 §7)"
    #expect(throws: DiscoveryError.invalidServiceType(message)) {
      _ = try NodeRegistry(types: ["_ollama._tcp", "ollama"])
    }
  }
}

@Suite("What a program is told of changes")
struct ServiceChangesTests {
  private func service(_ name: String, at address: String = "10.0.0.5") throws -> DiscoveredService
  {
    var state = RegistryState(network: .oneInterface)
    _ = state.apply(
      .serviceFound(.mdns(name, at: [address])), from: .mdns, at: ManualClock().now())
    return DiscoveredService(try #require(state.snapshot().backends.first))
  }

  @Test("first all that are there, then what came, changed or went, and nothing else")
  func steps() throws {
    var changes = ServiceChanges()
    let (one, two) = (try service("one"), try service("two", at: "10.0.0.6"))
    #expect(changes.update(to: []).isEmpty)
    #expect(changes.update(to: [one, two]) == [.appeared(one), .appeared(two)])
    #expect(changes.update(to: [one, two]).isEmpty)
    let moved = try service("two", at: "10.0.0.7")
    #expect(changes.update(to: [one, moved]) == [.changed(moved)])
    let three = try service("three")
    #expect(changes.update(to: [moved, three]) == [.disappeared(one), .appeared(three)])
    #expect(changes.update(to: []) == [.disappeared(moved), .disappeared(three)])
  }
}
