import Foundation
import Testing

extension LabTests {
  @Suite("Changes", .timeLimit(.minutes(5)))
  struct Changes {
    struct Edit: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let apply: @Sendable (inout RawNeighbour.Service) -> Void
      let holds: @Sendable (ListedBackend) -> Bool
    }

    /// Apart from the attribute that takes it: Swift 6.0 cannot compile closures in there.
    static let edits = [
      Edit(testDescription: "a TXT record") {
        $0.txt = RawNeighbour.txt(["version=0.6.0"])
      } holds: {
        $0.version == "0.6.0"
      },
      Edit(testDescription: "a port") {
        $0.port = 11500
      } holds: {
        $0.port == 11500
      },
      Edit(testDescription: "an address") {
        $0.addresses = ["10.77.0.201"]
      } holds: {
        $0.addresses == ["10.77.0.201"]
      },
    ]

    @Test(
      "what an instance says anew updates its backend in place within 3 s: one update, same id",
      arguments: edits)
    func updatesInPlace(_ edit: Edit) async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        // An old address stays for a second from the last time that another was said (RFC 6762 §10.2), and
        // the daemon waits for its going no longer than 1.6 s: the change is said once, in a calm.
        let peer = try await lab.bareHost("peer", on: [lan]).startRawNeighbour()
        let daemon = try await listening.startDaemon()
        let watch = try await daemon.watch()
        var service = RawNeighbour.Service("box", addresses: ["10.77.0.200"])
        service.txt = RawNeighbour.txt(["version=0.5.7"])
        try await peer.announce([service])
        let (added, _) = try await watch.change("added", of: "box")

        // Records younger than a second would be kept beside the new ones, too.
        try await daemon.waits(for: .first)
        let lines = watch.count
        edit.apply(&service)
        let start = ContinuousClock.now
        try await peer.announce([service])
        let (updated, line) = try await watch.change("updated", of: "box", from: lines)
        #expect(start.duration(to: line.at) < .seconds(3))
        #expect(updated.backend.id == added.backend.id)
        #expect(edit.holds(updated.backend))

        // Nothing more comes of it: the goodbye of what it replaced takes a second.
        try await letTimePass(.seconds(3))
        #expect(watch.events(of: "box") == ["added", "updated"])
        let backend = try await daemon.backend()
        #expect(edit.holds(backend))
      }
    }

    @Test("another address of the host itself updates the backend in place")
    func hostMoves() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let old = await alpha.address
        try await letTimePass(.seconds(2))
        try await alpha.removeAddress("\(old)/24", from: "eth0")
        try await alpha.addAddress("10.77.0.99/24", to: "eth0")
        // The network's own time: alpha probes for a second before it says the new address (RFC 6762
        // §8.1), and beta keeps the old one for a second from each time that it does (§10.2). That takes
        // 2 s, or 3 s; what goes unheard, two minutes.
        let after = try await daemon.backend(within: .seconds(15), "the new address") {
          $0.host == "10.77.0.99"
        }
        #expect(after.id == before.id)
        let kinds = Set(watch.events(of: "box"))
        #expect(kinds == ["added", "updated"])
      }
    }
  }
}
