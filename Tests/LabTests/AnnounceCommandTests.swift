import Foundation
import Testing

extension LabTests {
  @Suite("announce", .timeLimit(.minutes(5)))
  struct Announce {
    /// What avahi-browse on `host` resolves of a type: name, SRV target and port of each service.
    private func resolved(_ type: String, on host: LabHost) async throws -> Set<[String]> {
      let lines = try await host.succeed(
        "avahi-browse", "--resolve", "--parsable", "--terminate", "--no-db-lookup", type)
      return Set(
        lines.split(separator: "\n").filter { $0.hasPrefix("=") }.map { line in
          let fields = line.split(separator: ";", omittingEmptySubsequences: false)
          return [String(fields[3]), String(fields[6]), String(fields[8])]
        })
    }

    @Test("other hosts see exactly name, type, port and TXT, and the goodbye within 2 s")
    func heardElsewhere() async throws {
      try await withTwoHosts { alpha, beta in
        let name = "größe 😀 v1.2 box"
        let txt = ["version=0.5.7", "gpu", "motd=", "Wort=zwölf=12"]
        let listener = try await beta.listen(to: "_ollama._tcp")
        let browser = try await beta.browse("_ollama._tcp")
        let announcement = try alpha.announce(name, port: 11434, txt: txt)
        let announced = try await announcement.event("announced")
        #expect(announced.instance == name)
        #expect(announced.host == "alpha")
        #expect(announced.port == 11434)
        let heard = try await listener.heard("added", of: name)
        #expect(heard.port == 11434)
        #expect(heard.server == "alpha.local.")
        #expect(heard.txt == txt)
        let line = try await browser.line(containing: ";11434;")
        for string in ["\"version=0.5.7\"", "\"gpu\"", "\"motd=\""] {
          #expect(line.text.contains(string))
        }

        let (exit, took) = try await alpha.timeToStop(announcement.process, by: "INT")
        #expect(exit == .status(0))
        #expect(took < .seconds(2))
        _ = try await listener.heard("removed", of: name)
        #expect(announcement.events.map(\.event) == ["up", "announced", "withdrawn"])
        try await browser.line(containing: "-;")
      }
    }

    @Test("two hosts and two programs with one name get names of their own, and keep them")
    func sameName() async throws {
      try await withTwoHosts { alpha, beta in
        let first = try alpha.announce("twin")
        let second = try beta.announce("twin")
        // Who comes second may win, so that the first gives its name away: the two avahi-daemons settle it.
        let names = try await eventually(within: .seconds(20), "two names") {
          let names = [first.instance, second.instance]
          return Set(names) == ["twin", "twin #2"] ? names : nil
        }
        let third = try alpha.announce("twin", port: 11435)
        _ = try await eventually(within: .seconds(20), "a third name") {
          third.instance == "twin #3" ? true : nil
        }
        let expected = Set([
          ["twin", names[0] == "twin" ? "alpha.local" : "beta.local", "11434"],
          [#"twin\032\0352"#, names[0] == "twin" ? "beta.local" : "alpha.local", "11434"],
          [#"twin\032\0353"#, "alpha.local", "11435"],
        ])
        _ = try await eventually(within: .seconds(30), "all three") {
          try await resolved("_ollama._tcp", on: beta) == expected ? true : nil
        }
        let before = try await alpha.voluntarySwitches(of: first.process)
        try await letTimePass(.seconds(3))
        let after = try await alpha.voluntarySwitches(of: first.process)
        // Threads that had nothing to do end meanwhile.
        #expect(after.allSatisfy { before[$0.key] == $0.value }, "\(before), \(after)")
        #expect([first.instance, second.instance] == names)
      }
    }

    @Test("a host that is renamed is announced anew within 5 s, with the right name and target")
    func renamedHost() async throws {
      try await withTwoHosts { alpha, beta in
        let announcement = try alpha.announce("%h 100 %%")
        #expect(try await announcement.event("announced").instance == "alpha 100 %")
        let renamed = ContinuousClock.now
        try await alpha.succeed("avahi-set-host-name", "omega")
        let again = try await announcement.event("announced", after: 1)
        #expect(again.instance == "omega 100 %")
        #expect(again.host == "omega")
        let line = try await announcement.process.line(containing: "omega 100 %")
        #expect(renamed.duration(to: line.at) < .seconds(5))
        // A browser of one's own for each look takes a second.
        _ = try await eventually(within: .seconds(30), "omega") {
          let found = try await resolved("_ollama._tcp", on: beta)
          return found == [[#"omega\032100\032\037"#, "omega.local", "11434"]] ? true : nil
        }
        #expect(announcement.events.map(\.event) == ["up", "announced", "withdrawn", "announced"])
      }
    }

    @Test("it waits for avahi-daemon, returns with it, and ends within 2 s while that hangs")
    func outages() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let alpha = try await lab.bareHost("alpha", on: [lan])
        try await alpha.startBus()
        let announcement = try alpha.announce("box")
        #expect(try await announcement.event("down").reason == "avahi-daemon is not running")
        try await alpha.startAvahi()
        try await announcement.event("announced")
        try await alpha.killAvahi()
        try await announcement.event("withdrawn")
        try await announcement.event("down", after: 1)
        try await alpha.startAvahi()
        try await announcement.event("announced", after: 1)
        #expect(
          announcement.events.map(\.event) == [
            "down", "up", "announced", "withdrawn", "down", "up", "announced",
          ])

        try await alpha.freezeAvahi(true)
        let (exit, took) = try await alpha.timeToStop(announcement.process)
        #expect(exit == .status(0))
        #expect(took < .seconds(2))
        #expect(announcement.events.last?.event == "withdrawn")

        // It hangs in its first call when it is told to end.
        let late = try alpha.announce("late")
        let pid = try await late.process.pid
        _ = try await eventually(within: .seconds(5), "its signal handlers") {
          let status = try await alpha.succeed("grep", "SigCgt", "/proc/\(pid)/status")
          let caught = UInt64(status.split(whereSeparator: \.isWhitespace)[1], radix: 16) ?? 0
          return caught & 1 << (15 - 1) != 0 ? true : nil
        }
        let (lateExit, lateTook) = try await alpha.timeToStop(late.process)
        #expect(lateExit == .status(0))
        #expect(lateTook < .seconds(2))
        #expect(late.events.isEmpty)
        try await alpha.freezeAvahi(false)
      }
    }

    @Test("where avahi-daemon is not to publish, it fails with the setting's name")
    func forbidden() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        for setting in ["disable-user-service-publishing", "disable-publishing"] {
          let host = try await lab.host(
            setting == "disable-publishing" ? "mute" : "shy", on: [lan],
            avahi: "[publish]\n\(setting)=yes")
          let result = try await host.run([
            LabAvailability.binary, "announce", "--name", "box", "--type", "_ollama._tcp",
            "--port", "11434",
          ])
          #expect(result.status == .status(1))
          #expect(
            result.errors
              == "nexus-discovery: cannot announce anything: publishing is forbidden by \(setting)"
              + " in /etc/avahi/avahi-daemon.conf")
          #expect(result.output == "")
        }
      }
    }
  }
}
