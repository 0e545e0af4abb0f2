import Foundation
import Testing

extension PatientLabTests {
  @Suite("Static backends", .serialized, .timeLimit(.minutes(5)))
  struct StaticBackends {
    @Test(
      "a static backend and the service at the same server are one, as configured, and it stays",
      arguments: ["ADDRESS", "alpha.local"], ["", "/", "/v1"])
    func isOne(host: String, path: String) async throws {
      try await withTwoHosts { alpha, beta in
        let address = await alpha.address
        let host = host.replacingOccurrences(of: "ADDRESS", with: address)
        let daemon = try await beta.startDaemon(
          Daemon.configuration(
            grace: 1,
            more: """
              [[backends]]
              name = "configured"
              url = "http://\(host):11434\(path)"
              type = "ollama"
              priority = 7
              """))
        let watch = try await daemon.watch()
        let before = try await daemon.backend()
        #expect(before.source == "static")

        let service = try await alpha.publish("box", "_ollama._tcp", 11434, ["version=0.5.7"])
        let merged = try await daemon.backend("both sources") { $0.sources == ["static", "mdns"] }
        #expect(merged.id == before.id)
        #expect(merged.name == "configured")
        #expect(merged.priority == 7)
        #expect(merged.source == "static")
        #expect(merged.type == "ollama")
        #expect(merged.url == before.url)
        #expect(merged.addresses.contains(address))
        #expect(merged.version == "0.5.7")

        try await service.withdraw()
        _ = try await daemon.backend("the static source alone") { $0.sources == ["static"] }
        try await letTimePass(.seconds(2))
        let after = try await daemon.backend()
        #expect(after.id == before.id)
        #expect(after.expiresAt == nil)
        #expect(Set(watch.changes.map(\.backend.id)) == [before.id], "there never was a twin")
        #expect(Set(watch.changes.map(\.event)).isDisjoint(with: ["disappeared", "removed"]))
      }
    }
  }
}
