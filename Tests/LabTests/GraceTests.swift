import Foundation
import Testing

extension LabTests {
  @Suite("Grace period", .timeLimit(.minutes(5)))
  struct Grace {
    @Test("unpublished: disappeared at once, then removed within 250 ms of the deadline")
    func removedAtTheDeadline() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        let browser = try await beta.browse("_ollama._tcp")
        var delays: [TimeInterval] = []
        for name in ["box-1", "box-2", "box-3"] {
          let service = try await alpha.publish(name, "_ollama._tcp", 11434)
          let (added, _) = try await watch.change("added", of: name)
          try await browser.line(containing: "=;eth0;IPv4;\(name);")
          try await browser.line(containing: "=;eth0;IPv6;\(name);")

          try await service.withdraw()
          let (gone, line) = try await watch.change("disappeared", of: name)
          let ends = [
            try await browser.line(containing: "-;eth0;IPv4;\(name);"),
            try await browser.line(containing: "-;eth0;IPv6;\(name);"),
          ]
          let last = try #require(ends.map(\.at).max())
          // At once: a few milliseconds, where nothing else runs.
          #expect(last.duration(to: line.at) < .seconds(1))
          #expect(gone.backend.id == added.backend.id)
          #expect(gone.backend.status == "unknown")
          let expires = try #require(gone.backend.expiresAt)
          let telling = try await daemon.logged("disappeared") { $0["name"] == name }.date
          let told = try #require(telling)
          // It is told after it was decided.
          #expect((2...3.1).contains(expires.timeIntervalSince(told)))

          let (removed, end) = try await watch.change("removed", of: name)
          #expect(removed.backend.id == added.backend.id)
          // The daemon's own time: a busy machine lets readers wait.
          let ending = try await daemon.logged("removed") { $0["name"] == name }.date
          let ended = try #require(ending)
          delays.append(ended.timeIntervalSince(expires))
          #expect(abs(end.date.timeIntervalSince(expires)) < 2)
          #expect(watch.events(of: name).suffix(2) == ["disappeared", "removed"])
          #expect(try await daemon.list().isEmpty)
        }
        // Never early, and the median: a single one may be that of a machine that stood still.
        #expect(delays.allSatisfy { $0 > -0.1 }, "\(delays)")
        #expect(delays.sorted()[1] < 0.25, "\(delays)")
      }
    }

    @Test("published again within the grace period: reappeared, same id, not removed")
    func reappears() async throws {
      try await withTwoHosts { alpha, beta in
        // To publish takes a second by itself.
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 7))
        let watch = try await daemon.watch()
        let service = try await alpha.publish("box", "_ollama._tcp", 11434)
        let (added, _) = try await watch.change("added", of: "box")
        try await service.withdraw()
        let (gone, _) = try await watch.change("disappeared", of: "box")
        let deadline = try #require(gone.backend.expiresAt)
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let (back, _) = try await watch.change("reappeared", of: "box")
        #expect(back.backend.id == added.backend.id)
        #expect(back.backend.expiresAt == nil)

        // Past the old deadline nothing happens.
        try await letTimePass(.seconds(deadline.timeIntervalSinceNow + 1))
        #expect(!watch.events(of: "box").contains("removed"))
        let backend = try await daemon.backend()
        #expect(backend.id == added.backend.id)
        #expect(backend.firstSeen == added.backend.firstSeen)
      }
    }

    @Test("a server that comes back after its removal has its old id")
    func idOutlivesRemoval() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 1))
        let watch = try await daemon.watch()
        let service = try await alpha.publish("box", "_ollama._tcp", 11434)
        let (added, _) = try await watch.change("added", of: "box")
        try await service.withdraw()
        let (_, line) = try await watch.change("removed", of: "box")
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let (again, _) = try await watch.change("added", of: "box", from: line.index)
        #expect(again.backend.id == added.backend.id)
      }
    }
  }
}
