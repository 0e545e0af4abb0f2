import Foundation
import Testing

extension PatientLabTests {
  @Suite("The wall clock steps", .timeLimit(.minutes(5)))
  struct Clocks {
    private static let day = 86_400

    @Test(
      "a day ahead or back: grace periods keep their length, nothing else goes, all goes on",
      arguments: [day, -day])
    func steps(by step: Int) async throws {
      try await withTwoHosts { alpha, beta in
        let clock = try await SteppedClock(on: beta)
        let start = ContinuousClock.now
        let daemon = try await beta.startDaemon(
          Daemon.configuration(grace: 20, queryInterval: 3), environment: clock.environment)
        let up = try await daemon.logged("source_up") { $0["source"] == "mdns" }.at
        let watch = try await daemon.watch()
        let probe = try await daemon.probe()
        _ = try await alpha.publish("stays", "_ollama._tcp", 11434)
        let goes = try await alpha.publish("goes", "_ollama._tcp", 11435)
        try await watch.change("added", of: "stays")
        let (added, _) = try await watch.change("added", of: "goes")
        #expect(abs(added.backend.firstSeen.timeIntervalSinceNow) < 10)

        // In the middle of a grace period, and while an announcement is lost, which is said three times
        // in 3 s: avahi-daemon asks no question by itself from 15 s after it was first asked to 31 s.
        try await goes.withdraw()
        let (gone, disappeared) = try await watch.change("disappeared", of: "goes")
        try await clock.show(ahead: step)
        try await beta.dropMulticast()
        _ = try await alpha.publish("lost", "_ollama._tcp", 11436)
        try await letTimePass(.seconds(4))
        try await letTimePass(.seconds(16), after: up)
        try await beta.letMulticastPass()
        let (found, line) = try await watch.change("added", of: "lost")
        #expect(up.duration(to: line.at) < .seconds(30), "avahi-daemon has asked by itself")
        let shown = found.backend.firstSeen.timeIntervalSinceNow
        #expect(abs(shown - Double(step)) < 10)
        let isStillListed = try await daemon.list().first { $0.name == "goes" }
        #expect(isStillListed?.expiresAt == gone.backend.expiresAt)

        let (_, removed) = try await watch.change("removed", of: "goes", within: .seconds(30))
        let grace = disappeared.at.duration(to: removed.at)
        // How exact it is without a step is another test's question.
        #expect(abs(grace.seconds - 20) < 3)
        #expect(watch.events(of: "stays").allSatisfy { $0 == "added" || $0 == "updated" })
        #expect(Set(try await daemon.list().map(\.name)) == ["stays", "lost"])

        try await expectStatus(of: daemon, since: start)
        let report = try await probe.stop()
        #expect(report.list.count > 30)
        #expect(report.watch.maximum < 5000)
        #expect(try await daemon.stop() == .status(0))
      }
    }

    private func expectStatus(of daemon: Daemon, since start: ContinuousClock.Instant) async throws
    {
      struct Status: Decodable {
        let uptimeSeconds: Double
        let started: Date
      }
      let text = try await daemon.host.succeed(LabAvailability.binary, "status", "--json")
      let status = try LabJSON.decode(Status.self, from: text)
      #expect(abs(status.uptimeSeconds - start.duration(to: .now).seconds) < 10)
      #expect(abs(status.started.timeIntervalSinceNow + status.uptimeSeconds) < 10)
      #expect(try await daemon.state(of: "mdns") == "up")
    }
  }
}
