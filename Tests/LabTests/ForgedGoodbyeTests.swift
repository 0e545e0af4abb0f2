import Foundation
import Testing

extension LabTests {
  @Suite("Forged goodbyes", .timeLimit(.minutes(5)))
  struct ForgedGoodbyes {
    /// The answer to a question that was asked without a reason takes a goodbye back that is not a second
    /// old, so goodbyes are said in calms.
    private static let configuration = Daemon.configuration(grace: 4, queryInterval: 3600)

    private struct Scene {
      let daemon: Daemon
      let watch: Watch
      let owner: RawNeighbour
      let forger: RawNeighbour
      let service: RawNeighbour.Service
      let id: String

      /// When and how often the daemon or its avahi-daemon asked for PTR records over IPv4 since the
      /// last time.
      func questions() async throws -> [RawNeighbour.Question] {
        try await owner.questions().filter {
          $0.type == 12 && $0.name == "_ollama._tcp.local" && !$0.from.contains(":")
        }
      }
    }

    /// A service whose owner, unlike avahi-daemon, does not defend it.
    private func withScene(_ body: (Scene) async throws -> Void) async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let owning = try await lab.bareHost("owner", on: [lan])
        let owner = try await owning.startRawNeighbour()
        let forger = try await lab.bareHost("forger", on: [lan]).startRawNeighbour()
        let service = RawNeighbour.Service("box", addresses: [await owning.address])
        try await owner.announce([service])
        let daemon = try await listening.startDaemon(Self.configuration)
        let watch = try await daemon.watch()
        let backend = try await daemon.backend()
        let scene = Scene(
          daemon: daemon, watch: watch, owner: owner, forger: forger, service: service,
          id: backend.id)
        try await body(scene)
        #expect(!watch.events(of: "box").contains("removed"))
        #expect(try await daemon.backend().id == backend.id)
      }
    }

    @Test("a goodbye forged for a live server costs it a blink: our own question brings it back")
    func comesBack() async throws {
      try await withScene { scene in
        for (calm, wholly) in zip(Daemon.Calm.allCases, [false, true]) {
          try await scene.daemon.waits(for: calm)
          _ = try await scene.questions()
          let before = scene.watch.count
          try await scene.forger.goodbye([scene.service], wholly: wholly)
          let (_, gone) = try await scene.watch.change("disappeared", of: "box", from: before)
          let (back, line) = try await scene.watch.change("reappeared", of: "box", from: before)
          // Within the grace period, or it would have been removed; 0.15 s where nothing else runs.
          #expect(gone.at.duration(to: line.at) < .seconds(3))
          #expect(back.backend.id == scene.id)
          let question = try #require(try await scene.questions().first)
          #expect(question.known.isEmpty, "it said that it knew what had just gone")
          // Past the end of the grace period that had begun.
          try await letTimePass(.milliseconds(4500))
        }
        #expect(
          scene.watch.events(of: "box").filter { $0 != "added" }
            == ["disappeared", "reappeared", "disappeared", "reappeared"])
      }
    }

    @Test("goodbyes forged without end neither remove a server nor make us flood the network")
    func withoutEnd() async throws {
      try await withScene { scene in
        try await scene.daemon.waits(for: .first)
        _ = try await scene.questions()
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(10) {
          try await scene.forger.goodbye([scene.service])
          // Avahi takes a goodbye for true after a second, counted anew with each.
          try await letTimePass(.milliseconds(1100))
        }
        let questions = try await scene.questions()
        #expect(scene.watch.events(of: "box").contains("disappeared"))
        // Every 2 s at most, half the grace period; avahi-daemon asks once or twice itself.
        let most = 4 + Int(start.duration(to: .now).seconds / 2)
        #expect((2...most).contains(questions.count))
        _ = try await scene.daemon.backend("the server, present") { $0.expiresAt == nil }
      }
    }

    @Test("avahi-daemon defends what it announces: nobody notices the forged goodbye")
    func ownerDefends() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        async let serving = lab.host("alpha", on: [lan])
        let forger = try await lab.bareHost("forger", on: [lan]).startRawNeighbour()
        let daemon = try await listening.startDaemon(Self.configuration)
        let watch = try await daemon.watch()
        let alpha = try await serving
        let box = try await alpha.publish("box", "_ollama._tcp", 11434)
        let said = try await box.process.line(containing: "Established").at
        _ = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let forged = RawNeighbour.Service("box", host: "alpha", addresses: [await alpha.address])
        // It says nothing twice within half a second, and its announcements come after 0, 1 and 3 s.
        try await letTimePass(.milliseconds(4500), after: said)
        try await forger.goodbye([forged], over: ["ipv4", "ipv6"])
        try await letTimePass(.milliseconds(2500))
        #expect(Set(watch.events(of: "box")).isDisjoint(with: ["disappeared", "removed"]))
      }
    }
  }
}
