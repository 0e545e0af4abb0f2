import Foundation
import Testing

extension Daemon {
  /// Returns once the network's services are seen so many times: each on each interface and over each
  /// protocol, which `list()` does not tell.
  func waitForSightings(_ count: Int) async throws {
    var last: Int?
    do {
      _ = try await eventually(within: .seconds(20), "\(count) sightings") { () -> Bool? in
        last = try await source("mdns")?.sightings
        return last == count ? true : nil
      }
    } catch let error as LabError {
      throw LabError("\(error); there are \(last.map(String.init) ?? "none")")
    }
  }
}

extension LabTests {
  @Suite("Merging", .timeLimit(.minutes(5)))
  struct Merging {
    /// Two hosts, each with an interface on both of `lans`.
    private func withTwoInterfaces(
      onOneLAN: Bool, _ body: (LabHost, LabHost) async throws -> Void
    ) async throws {
      try await withLab { lab in
        let first = try await lab.lan()
        let lans = [first, onOneLAN ? first : try await lab.lan()]
        async let alpha = lab.host("alpha", on: lans)
        async let beta = lab.host("beta", on: lans)
        try await body(alpha, beta)
      }
    }

    @Test("a server on IPv4 and IPv6 is one backend, and goes only with the last of both")
    func bothFamilies() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        try await daemon.waitForSightings(2)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let linkLocal = try await alpha.linkLocalAddress(on: "eth0")

        // Without an IPv4 address of its own, beta hears nothing over IPv4 any more.
        try await beta.removeAddress("\(beta.address)/24", from: "eth0")
        let after = try await daemon.backend("IPv6 alone") { $0.addresses.count == 1 }
        #expect(after.id == before.id)
        #expect(after.addresses == ["\(linkLocal)%eth0"])
        #expect(after.url == "http://[\(linkLocal)%25eth0]:11434")
        #expect(!watch.events(of: "box").contains("disappeared"))

        try await beta.setLink("eth0", up: false)
        let (gone, _) = try await watch.change("disappeared", of: "box")
        #expect(gone.backend.id == before.id)
      }
    }

    @Test(
      "a server seen on two interfaces is one backend, and goes only with its last sighting",
      arguments: [true, false])
    func twoInterfaces(onOneLAN: Bool) async throws {
      try await withTwoInterfaces(onOneLAN: onOneLAN) { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend("both interfaces") {
          $0.interfaces == ["eth0", "eth1"]
        }

        try await beta.setLink("eth0", up: false)
        let between = try await daemon.backend("one interface") { $0.interfaces == ["eth1"] }
        #expect(between.id == before.id)
        #expect(between.expiresAt == nil)
        #expect(!watch.events(of: "box").contains("disappeared"))

        try await beta.setLink("eth1", up: false)
        let (change, _) = try await watch.change("disappeared", of: "box")
        #expect(change.backend.id == before.id)
      }
    }

    @Test("a server under two service types is one backend, and goes only with the second")
    func twoServiceTypes() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        let first = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend()
        let second = try await alpha.publish("box", "_llm._tcp", 11434, ["type=ollama"])
        try await daemon.waitForSightings(4)
        _ = try await daemon.backend("the same one") { $0.id == before.id }

        let lines = watch.count
        try await first.withdraw()
        let left = try await daemon.backend("the second announcement") {
          $0.serviceType == "_llm._tcp.local"
        }
        #expect(left.id == before.id)
        #expect(!watch.events(of: "box").contains("disappeared"))

        try await second.withdraw()
        let (change, _) = try await watch.change("disappeared", of: "box", from: lines)
        #expect(change.backend.id == before.id)
      }
    }
  }
}
