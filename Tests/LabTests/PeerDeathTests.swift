import Foundation
import Testing

extension PatientLabTests {
  @Suite("Peers die", .timeLimit(.minutes(8)))
  struct PeerDeath {
    @Test(
      "a host that dies without a goodbye is gone after its records' 120 s; back, it is there again"
    )
    func hostDies() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let old = await alpha.address
        try await alpha.setLink("eth0", up: false)
        try await alpha.killAvahi()
        let death = ContinuousClock.now

        let (gone, line) = try await watch.change(
          "disappeared", of: "box", within: .seconds(160))
        #expect(death.duration(to: line.at) < .seconds(130))
        #expect(gone.backend.id == before.id)
        try await watch.change("removed", of: "box")

        try await alpha.setLink("eth0", up: true)
        try await alpha.removeAddress("\(old)/24", from: "eth0")
        try await alpha.addAddress("10.77.0.99/24", to: "eth0")
        let back = ContinuousClock.now
        try await alpha.startAvahi()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let after = try await daemon.backend(within: .seconds(40), "the new address") {
          $0.addresses.count == 2
        }
        #expect(back.duration(to: .now) < .seconds(10))
        #expect(after.id == before.id)
        #expect(after.host == "10.77.0.99")
        #expect(!after.addresses.contains(old))
      }
    }

    @Test(
      "a host that loses its power and boots with a new address: the new one within 10 s, alone")
    func hostReboots() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        // Each sighting moves the time at which it was seen last.
        try await daemon.waitForSightings(2)
        let before = try await daemon.backend("both addresses") { $0.addresses.count == 2 }
        let old = await alpha.address
        try await alpha.setLink("eth0", up: false)
        try await alpha.killAvahi()
        try await letTimePass(.seconds(15))
        #expect(try await daemon.backend() == before)

        try await alpha.removeAddress("\(old)/24", from: "eth0")
        try await alpha.addAddress("10.77.0.99/24", to: "eth0")
        try await alpha.setLink("eth0", up: true)
        let back = ContinuousClock.now
        try await alpha.startAvahi()
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let after = try await daemon.backend(within: .seconds(40), "the new address alone") {
          $0.host == "10.77.0.99" && !$0.addresses.contains(old) && $0.addresses.count == 2
        }
        #expect(back.duration(to: .now) < .seconds(10))
        #expect(after.id == before.id)
        #expect(Set(watch.events(of: "box")) == ["added", "updated"])
      }
    }

    /// python-zeroconf's records may live as short as one likes: what takes two minutes else takes
    /// ten seconds.
    @Test("a peer that was dead for minutes is there within 10 s, with its new address alone")
    func longDead() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let host = try await lab.bareHost("peer", on: [lan])
        let first = try await host.startZeroconfPeer()
        let daemon = try await listening.startDaemon(Daemon.configuration(grace: 2))
        let watch = try await daemon.watch()
        var service = ZeroconfPeer.Service(
          name: "box", port: 11434, addresses: ["10.77.0.200"], lifetime: 10)
        try await first.register([service])
        let (added, _) = try await watch.change("added", of: "box")
        try await host.signal("KILL", first.process)
        try await first.process.exit()
        let (_, line) = try await watch.change("removed", of: "box", within: .seconds(60))
        // Long enough for attempts to have become rare.
        try await letTimePass(.seconds(75))

        let second = try await host.startZeroconfPeer()
        service.addresses = ["10.77.0.201"]
        let start = ContinuousClock.now
        try await second.register([service])
        let (again, back) = try await watch.change(
          "added", of: "box", from: line.index, within: .seconds(40))
        #expect(start.duration(to: back.at) < .seconds(10))
        #expect(again.backend.id == added.backend.id)
        #expect(again.backend.addresses == ["10.77.0.201"])
      }
    }
  }
}
