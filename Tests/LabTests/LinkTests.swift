import Foundation
import Testing

extension LabTests {
  @Suite("Links", .timeLimit(.minutes(5)))
  struct Links {
    /// Twenty servers, which only IPv4 tells of, on a host of their own.
    private func startServers(in lab: Lab, on lan: LAN) async throws {
      let host = try await lab.bareHost("servers\(lan.number)", on: [lan])
      let address = await host.address
      try await host.startZeroconfPeer().register(
        (0..<20).map {
          ZeroconfPeer.Service(
            name: "node-\(lan.number)-\($0)", port: 20000 + 100 * lan.number + $0,
            addresses: [address])
        })
    }

    /// Expects `count` backends, none of them in its grace period, within 5 s of `start`; when they were
    /// seen the daemon itself says, not how long the asking takes.
    private func expectAll(
      _ count: Int, of daemon: Daemon, since start: Date, _ what: String
    ) async throws {
      var there = 0
      do {
        let all = try await eventually(within: .seconds(40), "\(count) backends: \(what)") {
          let list = try await daemon.list()
          there = list.filter { $0.expiresAt == nil }.count
          return there == count && list.count == count ? list : nil
        }
        for backend in all {
          #expect(backend.lastSeen.timeIntervalSince(start) < 5, "\(what): \(backend.name)")
        }
      } catch {
        throw LabError("\(error); there are \(there)")
      }
    }

    @Test("a cable pulled, a link down and up, another address of one's own: all is back in 5 s")
    func comesBack() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let publishing = lab.host("alpha", on: [lan])
        let beta = try await lab.host("beta", on: [lan])
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 20))
        let watch = try await daemon.watch()
        try await startServers(in: lab, on: lan)
        _ = try await publishing.publish("box", "_ollama._tcp", 11434)
        try await expectAll(21, of: daemon, since: .now, "at first")
        let before = Set(try await daemon.list().map(\.id))

        try await lab.cut(beta, true)
        try await letTimePass(.seconds(3))
        try await lab.cut(beta, false)
        #expect(!watch.changes.contains { $0.event == "disappeared" }, "a cable was pulled")

        try await beta.setLink("eth0", up: false)
        let down = ContinuousClock.now
        for name in ["box", "node-0-0", "node-0-19"] {
          let (_, line) = try await watch.change("disappeared", of: name)
          // At once, not when the records' two minutes are over: 0.1 s where nothing else runs.
          #expect(down.duration(to: line.at) < .seconds(5))
        }
        #expect(try await daemon.list().count == 21)
        try await letTimePass(.seconds(2))
        try await beta.setLink("eth0", up: true)
        try await expectAll(21, of: daemon, since: .now, "after the link was down")

        let old = await beta.address
        try await beta.removeAddress("\(old)/24", from: "eth0")
        try await letTimePass(.seconds(1))
        try await beta.addAddress("10.77.0.99/24", to: "eth0")
        try await expectAll(21, of: daemon, since: .now, "after the address changed")

        try await letTimePass(.seconds(3))
        #expect(!watch.changes.contains { $0.event == "removed" })
        #expect(Set(try await daemon.list().map(\.id)) == before)
      }
    }

    @Test("interfaces that come later, go and come again: what is there is known within 5 s")
    func hotPlugged() async throws {
      try await withLab { lab in
        let lans = [try await lab.lan(), try await lab.lan()]
        for lan in lans { try await startServers(in: lab, on: lan) }
        let beta = try await lab.host("beta", on: [])
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 20))
        let watch = try await daemon.watch()
        #expect(try await daemon.list().isEmpty)

        try await lab.plug(beta, into: lans[0])
        try await expectAll(20, of: daemon, since: .now, "the first interface")
        try await lab.plug(beta, into: lans[1])
        try await expectAll(40, of: daemon, since: .now, "the second interface")
        let before = Set(try await daemon.list().map(\.id))

        try await lab.unplug(beta)
        try await watch.change("disappeared", of: "node-1-0")
        try await letTimePass(.seconds(2))
        try await lab.plug(beta, into: lans[1])
        try await expectAll(40, of: daemon, since: .now, "the second interface again")
        #expect(Set(try await daemon.list().map(\.id)) == before)
        #expect(!watch.changes.contains { $0.event == "removed" })
        #expect(
          !watch.changes.contains {
            $0.event == "disappeared" && $0.backend.name.hasPrefix("node-0")
          })
      }
    }
  }
}
