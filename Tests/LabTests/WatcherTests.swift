import Foundation
import Testing

extension PatientLabTests {
  @Suite("Watchers", .timeLimit(.minutes(8)))
  struct Watchers {
    /// Starts the daemon as systemd does by default: 1024 descriptors until it asks for more.
    private func startDaemon(on host: LabHost) async throws -> Daemon {
      let quiet = "[logging]\nlevel = \"warn\"\n"
      try await host.write(quiet + Daemon.configuration(), to: WatcherCrowd.configuration)
      let notifications = try await host.receive(at: "/run/notify")
      let process = try host.spawn(
        [
          "/usr/bin/prlimit", "--nofile=1024:", LabAvailability.binary, "serve",
          "--no-discovery", "--config", WatcherCrowd.configuration, "--log-format", "json",
        ], environment: ["NOTIFY_SOCKET": "/run/notify"])
      do {
        try await notifications.line(containing: "READY=1")
      } catch {
        throw LabError("\(error)\n\(process.text(of: .errors))")
      }
      return Daemon(host: host, process: process, notifications: notifications)
    }

    private struct Three: Decodable {
      let changes: Int
      let revision: Int
      /// Of the steady reader, the one that breaks off, the slow one, and `watch`.
      let revisions: [Int]
      let equal: [Bool]
      let count: Int
      let snapshots: [Int]
      let resumed: Int
      let kinds: [String: Int]
    }

    @Test(
      "across 10,000 changes all end with the daemon's set: steady, breaking off, slow, and watch")
    func threeWatchers() async throws {
      try await withLab(givingWay: true) { lab in
        let daemon = try await startDaemon(on: try await lab.bareHost("beta", on: []))
        let report = try await WatcherCrowd.run(
          "three", against: daemon, as: Three.self, within: .seconds(170))
        #expect(report.changes >= 10_000)
        #expect(report.revisions == Array(repeating: report.revision, count: 4))
        #expect(report.equal == [true, true, true, true])
        #expect(report.count == 501)
        // Who reads gets each change, also over a break; who does not gets the whole set, once.
        #expect(report.snapshots == [1, 1, 2])
        #expect(report.resumed == 9)
        #expect(report.kinds["present"] == 1)
        print("three watchers: \(report.changes) changes, \(report.kinds)")
        #expect(try await daemon.stop() == .status(0))
      }
    }

    private struct Crowd: Decodable {
      let watchers: Int
      /// KiB for each watcher.
      let idle: Double
      let busy: Double
      /// Milliseconds from the first watcher that got a change to the last one; the median.
      let spread: Double
      let changes: Int
      /// Of the daemon, in milliseconds.
      let processorTime: Int
      /// Seconds.
      let took: Double
    }

    @Test("a thousand watchers take less than 10 KB each, and all get every change soon")
    func thousandWatchers() async throws {
      try await withLab(givingWay: true) { lab in
        let daemon = try await startDaemon(on: try await lab.bareHost("beta", on: []))
        let report = try await WatcherCrowd.run(
          "crowd", against: daemon, as: Crowd.self, within: .seconds(170))
        print("a thousand watchers: \(report)")
        #expect(report.watchers == 1000)
        #expect(report.idle < 10)
        #expect(report.busy < 10)
        #expect(report.changes >= 1000)
        // 20 ms were measured; all of this gives way to what else the machine has to do.
        #expect(report.spread < 3000)
        #expect(try await daemon.stop() == .status(0))
      }
    }

    @Test("the command waits for a daemon that was killed, and tells what is other than before")
    func killedDaemon() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        func server(_ name: String, _ number: Int) -> String {
          "[[backends]]\nname = \"\(name)\"\nurl = \"http://192.0.2.\(number):80\"\n"
        }
        let first = try await host.startDaemon(
          Daemon.configuration(more: server("stays", 2) + server("goes", 3) + server("old", 4)),
          arguments: ["--no-discovery"])
        let watch = try await first.watch()
        let people = try host.spawn([LabAvailability.binary, "watch"])
        try await people.line(containing: "goes")
        try await host.signal("KILL", first.process)
        for process in [watch.process, people] {
          try await process.line(containing: "the daemon at \(Daemon.socket) is gone; waiting")
        }
        let lines = watch.count
        let second = try await host.startDaemon(
          Daemon.configuration(more: server("stays", 2) + server("new", 4) + server("comes", 5)),
          arguments: ["--no-discovery"])
        try await watch.change("added", of: "comes", from: lines, within: .seconds(60))
        try await watch.change("removed", of: "goes", from: lines)
        try await watch.change("updated", of: "new", from: lines)
        // A change of the new daemon's own follows.
        try await host.write(Daemon.configuration(), to: "/run/nexus.toml")
        try await host.signal("HUP", second.process)
        try await watch.change("removed", of: "stays", from: lines)
        #expect(watch.events(of: "stays") == ["removed"])
        #expect(
          watch.process.text(of: .errors) == """
            nexus-discovery: the daemon at \(Daemon.socket) is gone; waiting for it
            nexus-discovery: the daemon at \(Daemon.socket) is back
            """)
        try await people.line(containing: "is back", within: .seconds(60))

        try await second.stop()
        try await people.line(
          containing: "is gone; waiting", from: people.lines.count > 0 ? people.lines.count - 1 : 0)
        try await host.signal("INT", people)
        #expect(try await people.exit() == .signal(SIGINT))
      }
    }

    @Test("an idle watch does not wake by itself")
    func idleCommand() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        let daemon = try await host.startDaemon(arguments: ["--no-discovery"])
        let command = try await daemon.watch().process
        let count = "cat /proc/\(try await command.pid)/task/*/status | grep ^voluntary"
        func wakings() async throws -> Int {
          try await host.succeed("sh", "-c", count).split(separator: "\n")
            .compactMap { $0.split(separator: "\t").last }.compactMap { Int($0) }.reduce(0, +)
        }
        // Dispatch lets its idle threads go after 5 s.
        try await letTimePass(.seconds(7))
        _ = try await eventually(within: .seconds(60), "5 s without waking") { () -> Bool? in
          let before = try await wakings()
          try await letTimePass(.seconds(5))
          // At most the daemon's sign of life, which comes each 15 s.
          return try await wakings() - before <= 1 ? true : nil
        }
      }
    }
  }
}
