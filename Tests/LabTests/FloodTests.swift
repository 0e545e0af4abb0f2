import Foundation
import Testing

extension LabTests {
  @Suite("Flapping and floods", .timeLimit(.minutes(8)))
  struct Floods {
    @Test(
      "a service that flaps is a pair per 10 s in the log, with a count; a watch sees every flap")
    func flapping() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let peer = try await lab.bareHost("peer", on: [lan])
        let neighbour = try await peer.startRawNeighbour()
        let daemon = try await listening.startDaemon(Daemon.configuration(grace: 30))
        let watch = try await daemon.watch()
        let box = RawNeighbour.Service("box", addresses: [await peer.address])
        try await neighbour.announce([box])
        var line = try await watch.change("added", of: "box").line

        // A record that is taken back is gone a second later (RFC 6762 §10.1).
        let end = ContinuousClock.now + .seconds(25)
        while ContinuousClock.now < end {
          try await neighbour.goodbye([box])
          line = try await watch.change("disappeared", from: line.index).line
          try await neighbour.announce([box])
          line = try await watch.change("reappeared", from: line.index).line
        }
        let turns = watch.events(of: "box").filter { ["disappeared", "reappeared"].contains($0) }
        // 46 where the machine has nothing else to do: Avahi takes a second for each goodbye.
        #expect(turns.count >= 10)

        func logged() -> [LogLine] {
          daemon.log.filter { ["disappeared", "reappeared"].contains($0["event"] ?? "") }
        }
        _ = try await eventually(within: .seconds(40), "all flaps told") {
          logged().reduce(0) { $0 + ($1.count ?? 1) } == turns.count ? true : nil
        }
        let lines = logged()
        #expect(lines.last?["event"] == "reappeared")
        #expect(lines.prefix(2).map(\.count) == [nil, nil])
        #expect(lines.dropFirst(2).allSatisfy { $0.count.map { $0 > 1 } ?? false })
        #expect(
          lines.dropFirst(2).allSatisfy { $0["message"]?.hasPrefix("box flapped: ") ?? false })
        for (earlier, later) in zip(lines.dropFirst(), lines.dropFirst(2)) {
          #expect(earlier.at.duration(to: later.at) > .seconds(7))
        }
        // At first, then every 10 s at most.
        let last = try #require(lines.last?.at)
        #expect(lines.count <= 3 + Int(lines[0].at.duration(to: last).seconds / 10))
        // Nothing else is said of it than that it was found.
        #expect(daemon.log.filter { $0["name"] == "box" }.count == lines.count + 1)
      }
    }

    @Test("5,000 fake servers, and room for 64: known ones stay and are listed all the while")
    func smallRegistry() async throws {
      try await withFlood(of: 5000, maximum: 64, avahi: "") { flood in
        let daemon = flood.daemon
        try await daemon.logged("limit_reached", within: .seconds(60)) {
          $0["reason"] == "backends"
        }
        // What is still in Avahi's sockets comes in.
        try await letTimePass(.seconds(10))
        #expect(try await daemon.list().count == 63)
        #expect(daemon.log.filter { $0["event"] == "discovered" }.count <= 64)
        let limits = daemon.log.filter { $0["event"] == "limit_reached" }.compactMap {
          $0["reason"]
        }
        #expect(limits.count == Set(limits).count, "\(limits)")
        let status = try await daemon.command("status").output
        #expect(status.contains(/\nSkipped: +[1-9][0-9]* limit/), "\(status)")
        // 28 MiB were measured.
        #expect(try await daemon.memory("VmHWM") < 64 << 10)

        // 31 s were measured: there is room when the fakes' grace period ends.
        try await flood.end(newcomerWithin: .seconds(150))
      }
    }

    /// Fewer, since avahi-daemon's work grows with the square of them: with room for 5,000 it answers
    /// nobody for minutes, whatever is asked of it.
    @Test("3,000 fake servers that avahi-daemon has room for: memory and log are bounded")
    func wholeRegistry() async throws {
      let raised = "cache-entries-max=200000\nobjects-per-client-max=100000"
      try await withFlood(of: 3000, maximum: 4096, avahi: raised) { flood in
        let daemon = flood.daemon
        // Avahi's sockets lose many of them: they are said again until more than the log takes came
        // through.
        _ = try await eventually(within: .seconds(180), "more than the log takes") {
          let told = try? await daemon.process.line(
            containing: "log lines were left out", within: .seconds(30))
          if told != nil { return true }
          try await flood.send()
          return nil
        }
        // No line is missing without being counted.
        func lines() -> Int { daemon.log.filter { $0["event"] == "discovered" }.count }
        func sum(_ pattern: Regex<(Substring, Substring)>) -> Int {
          daemon.log.compactMap { $0["message"]?.firstMatch(of: pattern) }
            .compactMap { Int($0.output.1) }.reduce(0, +)
        }
        _ = try await eventually(within: .seconds(60), "the count of what was left out") {
          // Some went when the pipe that the test reads was full.
          let missing =
            sum(/left out: .*?([0-9]+) discovered/) + sum(/([0-9]+) log lines were lost/)
          return try await daemon.list().count <= lines() + missing ? true : nil
        }
        let begun = try #require(daemon.log.first?.at)
        #expect(lines() <= 2001 + Int(begun.duration(to: .now).seconds))
        // 76 MiB were measured.
        #expect(try await daemon.memory("VmHWM") < 160 << 10)

        // Under 51 s were measured, according to what else the machine had to do.
        try await flood.end(newcomerWithin: .seconds(240))
        #expect(try await daemon.memory("VmHWM") < 160 << 10)
      }
    }

    /// A flood that was sent, and those who live with it.
    private struct Flood {
      let daemon: Daemon
      let neighbour: RawNeighbour
      let alpha: LabHost
      /// The template of each wave of 500.
      let waves: [RawNeighbour.Service]

      /// Announces all fakes, once.
      func send() async throws {
        for wave in waves {
          try await neighbour.flood(wave, count: 500, perPacket: 20, answers: false)
          try await letTimePass(.milliseconds(400))
        }
      }

      /// Takes the fakes back; then a new server is found.
      func end(newcomerWithin limit: Duration) async throws {
        for wave in waves {
          let fakes = (0..<500).map { number in
            var fake = wave
            fake.name += Array("-\(number)".utf8)
            return fake
          }
          try await neighbour.goodbye(fakes, wholly: true)
          try await letTimePass(.milliseconds(200))
        }
        _ = try await alpha.publish("newcomer", "_ollama._tcp", 9999)
        do {
          _ = try await eventually(within: limit, "the newcomer") {
            let names = try await daemon.command("list", "--names").output
            return names.contains("newcomer") ? true : nil
          }
        } catch let error as LabError {
          let events = daemon.log.filter { $0["event"]?.hasPrefix("source") ?? false }
          throw LabError(
            "\(error); \(events.compactMap { $0["message"] })\n"
              + "\(try await daemon.command("status").output)")
        }
      }
    }

    /// Three servers that are known, then `count` fakes, 500 at a time. They are said to run on one
    /// host: each host of its own makes Avahi ask for its addresses on all links, which avahi-daemon
    /// does not survive in these numbers.
    ///
    /// While `body` runs the list is asked for, and has to have the known ones.
    private func withFlood(
      of count: Int, maximum: Int, avahi: String, _ body: (Flood) async throws -> Void
    ) async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan], avahi: avahi)
        async let serving = lab.host("alpha", on: [lan])
        let peer = try await lab.bareHost("peer", on: [lan])
        let neighbour = try await peer.startRawNeighbour()
        let (alpha, beta) = (try await serving, try await listening)
        let daemon = try await beta.startDaemon(
          Daemon.configuration(grace: 30, discovery: "max_backends = \(maximum)"))
        let known: Set = ["known-1", "known-2", "known-3"]
        for (index, name) in known.enumerated() {
          _ = try await alpha.publish(name, "_ollama._tcp", 11434 + index)
        }
        _ = try await eventually(within: .seconds(60), "the known servers") {
          Set(try await daemon.list().map(\.name)) == known ? true : nil
        }

        let asking = Task {
          var slowest = Duration.zero
          while !Task.isCancelled {
            let begun = ContinuousClock.now
            let names = try await beta.succeed(LabAvailability.binary, "list", "--names")
              .split(separator: "\n").map(String.init)
            slowest = max(slowest, begun.duration(to: .now))
            guard known.isSubset(of: names), names.count <= maximum else {
              throw LabError("\(names.count) are listed: \(names.suffix(9))")
            }
            try? await letTimePass(.milliseconds(300))
          }
          return slowest
        }
        defer { asking.cancel() }

        let address = await peer.address
        let waves = (0..<count / 500).map { number in
          var fake = RawNeighbour.Service("fake\(number)", host: "fake", addresses: [address])
          fake.port = 10_000 + 500 * number
          return fake
        }
        let flood = Flood(daemon: daemon, neighbour: neighbour, alpha: alpha, waves: waves)
        try await flood.send()
        try await body(flood)
        asking.cancel()
        let slowest = try await asking.value
        // 0.2 s were measured with 64 backends and 2.2 s with 4,000; each is a process of its own on
        // a machine that has much to do.
        #expect(slowest < .seconds(20))
      }
    }
  }
}
