import Foundation
import Testing

extension LabTests {
  @Suite("Coming and going", .timeLimit(.minutes(5)))
  struct Churn {
    private static func services(_ batch: String, _ count: Int) -> [RawNeighbour.Service] {
      (0..<count).map { number in
        var service = RawNeighbour.Service("\(batch)-\(number)", addresses: ["10.77.0.200"])
        service.port = 1000 + number
        return service
      }
    }

    @Test(
      "1,000 services come and go, and Avahi holds no object more; what does not resolve is retried"
    )
    func staysFlat() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        // For 100 services: a resolver each, 4 browsers, their host's A and AAAA records, and the
        // resolver of the mute one. With one object more there is a second client.
        async let listening = lab.host("beta", on: [lan], avahi: "objects-per-client-max=107")
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        let resolving = "type='method_call',member='ServiceResolverNew',arg2='mute'"
        let monitor = try beta.spawn(["stdbuf", "-oL", "dbus-monitor", "--system", resolving])
        try await monitor.line(containing: "NameLost")
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 1))
        // A pointer to nothing.
        var mute = RawNeighbour.Service("mute", host: "mute", addresses: [])
        (mute.leftOut, mute.txt) = (["SRV"], nil)
        try await raw.announce([mute])
        func present(_ count: Int) async throws {
          _ = try await eventually(within: .seconds(40), "\(count) present backends") {
            try await daemon.list().count { $0.expiresAt == nil } == count ? true : nil
          }
        }

        for batch in 0..<10 {
          let services = Self.services("batch-\(batch)", 100)
          try await raw.announce(services)
          try await present(100)
          #expect(try await daemon.avahiClients() == 1, "batch \(batch)")
          try await raw.goodbye(services)
          try await present(0)
        }

        // Avahi gives up after 5 s; the next attempt is 1 s, then 2 s, then 4 s later, or what a busy
        // machine adds to it. The third may come after all of the above.
        let attempts = try await eventually(within: .seconds(30), "three attempts") {
          let attempts = monitor.lines.filter { $0.text.contains("\"mute\"") }.map(\.at)
          return attempts.count >= 3 ? attempts : nil
        }
        let gaps = zip(attempts, attempts.dropFirst()).map { $0.duration(to: $1) }
        for (index, gap) in gaps.enumerated() {
          let least = Duration.milliseconds(4500 + 1000 * min(1 << index, 60))
          #expect(gap > least, "\(gaps)")
        }
        let asked = try await raw.questions().count {
          $0.type == 33 && $0.name.hasPrefix("mute.") && !$0.from.contains(":")
        }
        // Avahi asks three times in 5 s.
        let begun = monitor.lines.count { $0.text.contains("\"mute\"") }
        let most = 3 * begun
        #expect((1...most).contains(asked), "\(asked) questions in \(begun) attempts")
        (mute.leftOut, mute.txt, mute.addresses) = ([], [0], ["10.77.0.201"])
        try await raw.announce([mute])
        // The longest pause between two attempts is 60 s.
        #expect(try await daemon.backend(within: .seconds(75)).name == "mute")

        // The limit is real: more than fit make another client.
        try await raw.announce(Self.services("more", 120))
        try await present(121)
        #expect(try await daemon.avahiClients() == 2)
      }
    }
  }
}
