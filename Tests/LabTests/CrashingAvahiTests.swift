import Foundation
import Testing

extension PatientLabTests {
  @Suite("avahi-daemon crashes", .timeLimit(.minutes(8)))
  struct CrashingAvahi {
    /// What the log says of the source mdns: "source_up" and "source_down", in turn.
    private func states(in daemon: Daemon) -> [String] {
      daemon.log.filter { $0["source"] == "mdns" }.compactMap { $0["event"] }
        .filter { ["source_up", "source_down"].contains($0) }
    }

    @Test(
      "again and again, then away for long: attempts become rare, each change is told once, all stays"
    )
    func crashesAgainAndAgain() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let publishing = lab.host("alpha", on: [lan])
        let beta = try await lab.bareHost("beta", on: [lan])
        try await beta.startActivatingBus(.crashing)
        try await beta.startAvahi()
        let alpha = try await publishing
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 2))
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }

        try await beta.killAvahi()
        let crash = ContinuousClock.now
        while crash.duration(to: .now) < .seconds(32) {
          #expect(try await daemon.list().map(\.id) == [before.id])
          try await letTimePass(.seconds(1))
        }
        try await beta.use(.failing)
        // The last crash, and the next attempt after it.
        try await letTimePass(.seconds(8))
        let crashes = try await beta.activations().count
        let told = states(in: daemon)
        #expect(crashes >= 5)
        #expect(zip(told, told.dropFirst()).allSatisfy { $0 != $1 }, "\(told)")

        // A client waits for 30 s before another one asks for avahi-daemon.
        try await letTimePass(.seconds(33))
        let starts = try await beta.activations()
        #expect(starts.count > crashes, "it has given up")
        // The attempt before the first crash is not among them.
        let gaps = zip(starts, starts.dropFirst()).map { $1 - $0 }
        // Five seconds each, in all; one of them may be less by what the bus took longer to start the
        // shell that tells the time.
        let later = Array(gaps.dropFirst())
        let sum = later.reduce(0, +)
        let least = Double(5 * later.count - 2)
        #expect(sum > least, "\(gaps)")
        #expect(later.allSatisfy { $0 > 3 }, "\(gaps)")
        #expect(states(in: daemon) == told)
        #expect(try await daemon.list().map(\.id) == [before.id])

        try await beta.startAvahi()
        let running = ContinuousClock.now
        let after = try await daemon.backend { !$0.stale }
        #expect(running.duration(to: .now) < .seconds(5))
        #expect(after.id == before.id)
        try await letTimePass(.seconds(5))
        #expect(Set(watch.changes.map(\.event)).isDisjoint(with: ["removed", "disappeared"]))
        #expect(try await daemon.list().map(\.id) == [before.id])
      }
    }
  }
}
