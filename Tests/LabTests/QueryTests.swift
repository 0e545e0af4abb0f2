import Foundation
import Testing

extension LabTests {
  @Suite("Asking again", .timeLimit(.minutes(5)))
  struct Queries {
    /// When no question of avahi-daemon's own falls into the next seconds: it asks 1, 3, 7, 15 and
    /// 31 s after the daemon's start, and its announcements are repeated for 1 s.
    private func publishUnheard(
      on alpha: LabHost, by beta: LabHost, since start: ContinuousClock.Instant
    ) async throws {
      try await beta.dropMulticast()
      _ = try await alpha.publish("lost", "_ollama._tcp", 11434)
      try await letTimePass(.seconds(9) - start.duration(to: .now))
      try await beta.letMulticastPass()
    }

    @Test("an announcement lost on the wire is found at the next query")
    func foundAtNextQuery() async throws {
      try await withTwoHosts { alpha, beta in
        let start = ContinuousClock.now
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 3))
        try await publishUnheard(on: alpha, by: beta, since: start)
        #expect(try await daemon.list().isEmpty)
        _ = try await daemon.backend(within: .seconds(5.5))
        #expect(start.duration(to: .now) < .seconds(15), "avahi-daemon has asked by itself")
      }
    }

    @Test("with no queries of its own, \"refresh\" finds it at once")
    func foundOnRefresh() async throws {
      try await withTwoHosts { alpha, beta in
        let start = ContinuousClock.now
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 0))
        try await publishUnheard(on: alpha, by: beta, since: start)
        try await letTimePass(.seconds(2))
        #expect(try await daemon.list().isEmpty)
        let refresh = try await daemon.command("refresh")
        #expect(refresh.status == .status(0))
        // Not how soon, but that nobody else's question found it: it comes within 0.2 s on a machine
        // that has nothing else to do.
        _ = try await daemon.backend(within: .seconds(3.5))
        #expect(start.duration(to: .now) < .seconds(15), "avahi-daemon has asked by itself")
      }
    }
  }
}
