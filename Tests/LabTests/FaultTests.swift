import Foundation
import Testing

extension LabTests {
  @Suite("Faults", .timeLimit(.minutes(5)))
  struct Faults {
    enum Outage: String, CaseIterable, Sendable {
      case avahi = "avahi-daemon"
      case bus = "the bus"
    }

    @Test(
      "killed and started again: all is back within 5 s with the same ids, nothing was removed",
      arguments: Outage.allCases)
    func survivesOutage(_ outage: Outage) async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 2))
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        _ = try await alpha.publish("node", "_lmserv._tcp", 8080)
        try await watch.change("added", of: "box")
        try await watch.change("added", of: "node")
        let before = try await daemon.list()

        switch outage {
        case .avahi: try await beta.killAvahi()
        case .bus: try await beta.killBus()
        }
        try await daemon.logged("source_down")
        try await daemon.becomes("down", "mdns")
        let during = try await daemon.list()
        #expect(during.map(\.id) == before.map(\.id))
        #expect(during.map(\.stale) == [true, true])

        // Longer than the grace period.
        try await letTimePass(.seconds(4))
        let lines = watch.count
        if outage == .bus { try await beta.startBus() }
        try await beta.startAvahi()
        let running = ContinuousClock.now
        for name in ["box", "node"] {
          let back = try await watch.process.line(from: lines, "\(name), not stale") {
            Watch.change($0).map { $0.backend.name == name && !$0.backend.stale } ?? false
          }
          #expect(running.duration(to: back.at) < .seconds(5))
        }
        let after = try await eventually(within: .seconds(30), "both backends, not stale") {
          let list = try await daemon.list()
          return list.count == 2 && !list.contains(where: \.stale) ? list : nil
        }
        #expect(after.map(\.id) == before.map(\.id))
        #expect(try await daemon.state(of: "mdns") == "up")

        try await letTimePass(.seconds(3))
        let kinds = Set(watch.changes.map(\.event))
        #expect(kinds.isDisjoint(with: ["removed", "disappeared"]))
        #expect(try await daemon.list().count == 2)
      }
    }

    @Test("what went away during an outage of avahi-daemon goes through the grace period")
    func goneDuringOutage() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        let service = try await alpha.publish("box", "_ollama._tcp", 11434)
        try await watch.change("added", of: "box")
        try await beta.killAvahi()
        try await daemon.logged("source_down")
        try await service.withdraw()
        try await letTimePass(.seconds(2))
        try await beta.startAvahi()
        try await watch.change("disappeared", of: "box", within: .seconds(60))
        try await watch.change("removed", of: "box")
      }
    }

    @Test("started before bus and avahi-daemon: it waits, says so once, serves what is static")
    func startsFirst() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let alpha = lab.host("alpha", on: [lan])
        let beta = try await lab.bareHost("beta", on: [lan])
        let daemon = try await beta.startDaemon()
        #expect(try await daemon.state(of: "mdns") == "waiting")
        let listed = try await daemon.command("list")
        #expect(listed.output.contains(Daemon.marker))
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        try await daemon.logged("source_down") { $0["level"] == "warn" }
        try await letTimePass(.seconds(3))
        #expect(daemon.log.filter { $0["level"] == "warn" }.count == 1)

        try await beta.startBus()
        try await letTimePass(.seconds(2))
        try await beta.startAvahi()
        let running = ContinuousClock.now
        let added = try await daemon.logged("discovered") { $0["name"] == "box" }
        #expect(running.duration(to: added.at) < .seconds(5))
        #expect(try await daemon.state(of: "mdns") == "up")
        try await daemon.logged("source_up") { $0["source"] == "mdns" }
        #expect(daemon.log.filter { $0["level"] == "warn" }.count == 1)
      }
    }

    @Test(
      "without discovery it never comes near Avahi",
      arguments: [
        (Daemon.configuration(), ["--no-discovery"]),
        (Daemon.configuration(discovery: "enabled = false"), []),
      ])
    func discoveryIsOff(_ configuration: String, _ arguments: [String]) async throws {
      try await withTwoHosts { alpha, beta in
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        func connections() async throws -> Int {
          try await beta.succeed(
            "dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
            "org.freedesktop.DBus.ListNames"
          ).split(separator: "\n").filter { $0.contains("\":") }.count
        }
        let before = try await connections()
        let daemon = try await beta.startDaemon(configuration, arguments: arguments)
        try await letTimePass(.seconds(2))
        #expect(try await connections() == before)
        #expect(try await daemon.list().isEmpty)
        #expect(try await daemon.state(of: "mdns") == "disabled")
      }
    }
  }
}
