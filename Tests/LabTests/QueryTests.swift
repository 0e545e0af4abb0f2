import Foundation
import Testing

extension LabTests {
  @Suite("Asking again", .timeLimit(.minutes(5)))
  struct Queries {
    /// Has alpha announce a service that the daemon on beta does not hear of; returns when
    /// avahi-daemon began to ask for it.
    ///
    /// From then on avahi-daemon asks after 0, 1, 3, 7, 15 and 31 s. Multicast passes again when none of
    /// its questions falls into the next seconds, and the announcements, the last of which comes 3.5 s
    /// after the first, are over.
    private func publishUnheard(on alpha: LabHost, by daemon: Daemon) async throws -> Date {
      let up = try await daemon.logged("source_up") { $0["source"] == "mdns" }.date
      let start = try #require(up)
      try await daemon.host.dropMulticast()
      _ = try await alpha.publish("lost", "_ollama._tcp", 11434)
      try await letTimePass(.seconds(max(9 + start.timeIntervalSinceNow, 4)))
      #expect(try await daemon.list().isEmpty)
      try await daemon.host.letMulticastPass()
      return start
    }

    /// Expects it to be found before avahi-daemon asks again by itself, by the daemon's own clock.
    private func expectFound(by daemon: Daemon, since start: Date) async throws {
      let finding = try await daemon.logged("discovered") { $0["name"] == "lost" }
      let found = try #require(finding.date)
      #expect(found.timeIntervalSince(start) < 15, "avahi-daemon has asked by itself")
      _ = try await daemon.backend()
    }

    @Test("an announcement lost on the wire is found at the next query")
    func foundAtNextQuery() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 3))
        let start = try await publishUnheard(on: alpha, by: daemon)
        try await expectFound(by: daemon, since: start)
      }
    }

    @Test("with no queries of its own, \"refresh\" finds it at once")
    func foundOnRefresh() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(queryInterval: 0))
        let start = try await publishUnheard(on: alpha, by: daemon)
        try await letTimePass(.seconds(2))
        #expect(try await daemon.list().isEmpty)
        let refresh = try await daemon.command("refresh")
        #expect(refresh.status == .status(0))
        // Not how soon, but that nobody else's question found it: it comes within 0.2 s on a machine
        // that has nothing else to do.
        try await expectFound(by: daemon, since: start)
      }
    }
  }
}
