import Foundation
import Testing

extension LabTests {
  @Suite("avahi-daemon hangs", .timeLimit(.minutes(5)))
  struct HungAvahi {
    /// Makes the daemon call avahi-daemon: another service type is another browser.
    private func makeCall(_ daemon: Daemon, for type: String) async throws {
      let lines = daemon.process.lines.count
      try await daemon.host.write(
        Daemon.configuration(
          grace: 2, discovery: "service_types = [\"_ollama._tcp\", \"\(type)\"]"),
        to: "/run/nexus.toml")
      try await daemon.host.signal("HUP", daemon.process)
      try await daemon.process.line(containing: "config_reloaded", from: lines)
    }

    private func expectPromptness(_ report: APIProbe.Report, atLeast count: Int) {
      for (kind, times) in [
        ("list", report.list), ("status", report.status), ("watch", report.watch),
      ] {
        #expect(times.count >= count, "\(kind)")
        // One in a hundred is the machine's: with other tests beside it, it is loaded. So is what it
        // lets sleep for too long.
        #expect(
          times.late <= times.count / 100 + report.idle.late,
          "\(kind): \(times); the machine itself: \(report.idle)")
      }
    }

    @Test(
      "called while it hangs: all answers come within 100 ms, and once it goes on all is well again"
    )
    func calledWhileHanging() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 2))
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let probe = try await daemon.probe()
        try await beta.freezeAvahi(true)
        let start = ContinuousClock.now
        try await makeCall(daemon, for: "_one._tcp")
        // libdbus gives up after 25 s, then comes the next call.
        try await probe.mdnsIs("down: avahi-daemon does not answer", within: .seconds(60))
        #expect(try await daemon.command("status").output.contains("does not answer"))
        #expect(try await daemon.backend().id == before.id)
        try await letTimePass(.seconds(36) - start.duration(to: .now))

        try await beta.freezeAvahi(false)
        let thaw = ContinuousClock.now
        _ = try await alpha.publish("late", "_ollama._tcp", 11435)
        try await watch.change("added", of: "late", within: .seconds(40))
        let listed = try await eventually(within: .seconds(40), "both, not stale") {
          let list = try await daemon.list()
          return list.count == 2 && !list.contains(where: \.stale) ? list : nil
        }
        // 2.5 s where nothing else runs.
        #expect(thaw.duration(to: .now) < .seconds(15))
        #expect(listed.first { $0.name == "box" }?.id == before.id)
        #expect(try await daemon.state(of: "mdns") == "up")
        try await letTimePass(.seconds(5))
        #expect(Set(watch.changes.map(\.event)).isDisjoint(with: ["removed", "disappeared"]))
        #expect(daemon.log.filter { $0["event"] == "source_down" }.count == 1)
        expectPromptness(try await probe.stop(), atLeast: 50)

        try await beta.freezeAvahi(true)
        try await makeCall(daemon, for: "_two._tcp")
        try await daemon.stopInTime()
        try await beta.freezeAvahi(false)
      }
    }

    @Test("not called while it hangs: nothing is lost, and what came meanwhile is found after it")
    func notCalled() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(
          Daemon.configuration(grace: 2, queryInterval: 3))
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        // Nothing is left to be asked of avahi-daemon.
        _ = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let probe = try await daemon.probe()
        try await beta.freezeAvahi(true)
        _ = try await alpha.publish("meanwhile", "_ollama._tcp", 11435)
        try await letTimePass(.seconds(6))
        #expect(try await daemon.list().map(\.name) == ["box"])
        try await beta.freezeAvahi(false)
        try await watch.change("added", of: "meanwhile")
        _ = try await alpha.publish("late", "_ollama._tcp", 11436)
        try await watch.change("added", of: "late")
        try await letTimePass(.seconds(3))
        #expect(Set(watch.changes.map(\.event)).isDisjoint(with: ["removed", "disappeared"]))
        #expect(try await daemon.list().count == 3)
        expectPromptness(try await probe.stop(), atLeast: 20)
      }
    }

    @Test("started while it hangs: it is ready, serves what is static, and SIGTERM ends it in 2 s")
    func hangsFromTheStart() async throws {
      try await withTwoHosts { alpha, beta in
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        try await beta.freezeAvahi(true)
        let daemon = try await beta.startDaemon()
        #expect(try await daemon.command("list").output.contains(Daemon.marker))
        #expect(try await daemon.state(of: "mdns") == "waiting")
        try await daemon.stopInTime()
        try await beta.freezeAvahi(false)
      }
    }
  }
}
