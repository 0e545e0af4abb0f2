import Foundation
import Testing

extension LabTests {
  @Suite("Health", .timeLimit(.minutes(5)))
  struct Health {
    @Test(
      "a server killed without a goodbye is unhealthy within 3 intervals, and is seen to recover")
    func diesAndRecovers() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let (killed, cut) = (
          try await lab.bareHost("killed", on: [lan]), try await lab.bareHost("cut", on: [lan])
        )
        async let listening = lab.host("listener", on: [lan])
        let standIn = try await killed.startStandIn([.init(port: 8080, kind: "vllm")])
        _ = try await cut.startStandIn([.init(port: 8080, kind: "vllm")])
        for host in [killed, cut] {
          let service = RawNeighbour.Service.llm(host.name, 8080, at: [await host.address])
          try await host.startRawNeighbour().announce([service])
        }
        let daemon = try await listening.startDaemon(Daemon.checking(interval: 4, timeout: 1))
        let watch = try await daemon.watch()
        try await daemon.backends("two healthy servers") {
          $0.count == 2 && $0.values.allSatisfy { $0.status == "healthy" }
        }

        // The process goes, and the whole host goes.
        let (end, count) = (ContinuousClock.now, watch.count)
        try await standIn.die()
        try await cut.setLink("eth0", up: false)
        let refused = try await watch.status("unhealthy", of: "killed", from: count)
        let silent = try await watch.status("unhealthy", of: "cut", from: count)
        #expect(end.duration(to: refused.line.at) < .seconds(12))
        #expect(end.duration(to: silent.line.at) < .seconds(12))
        #expect(refused.backend.lastError == "connection refused")
        #expect(silent.backend.lastError == "timed out after 1 s")
        #expect(silent.backend.models == ["alpha:3b", "zephyr:7b"], "what was found holds")
        try await daemon.logged("unhealthy") { $0["name"] == "killed" }

        try await standIn.comeBack()
        try await cut.setLink("eth0", up: true)
        for name in ["killed", "cut"] {
          let back = try await watch.status("healthy", of: name, from: refused.line.index)
          #expect(back.backend.lastError == nil)
        }
        try await daemon.logged("healthy") { $0["name"] == "killed" }
        #expect(Set(watch.changes.map(\.event)).isDisjoint(with: ["disappeared", "removed"]))
      }
    }

    @Test("a flap, a goodbye and the server again, ends healthy; gone for good, it is asked twice")
    func flaps() async throws {
      try await withPeer { peer, neighbour, listener in
        let standIn = try await peer.startStandIn([.init(port: 8080, kind: "vllm")])
        let service = RawNeighbour.Service.llm("box", 8080, at: [await peer.address])
        try await neighbour.announce([service])
        // No check is due by itself within this test, so that one which fails is not made up for.
        let daemon = try await listener.startDaemon(
          Daemon.checking(interval: 600, timeout: 5, grace: 10))
        let watch = try await daemon.watch()
        _ = try await daemon.backend("a healthy one") { $0.status == "healthy" }
        for _ in 0..<2 {
          let count = watch.count
          try await neighbour.goodbye([service], wholly: true)
          try await watch.change("disappeared", of: "box", from: count)
          try await neighbour.announce([service])
          let (back, _) = try await watch.change("reappeared", of: "box", from: count)
          #expect(back.backend.expiresAt == nil)
          _ = try await daemon.backend(within: .seconds(20), "it healthy") {
            $0.status == "healthy" && $0.expiresAt == nil
          }
        }
        // So fast that nobody may have noticed.
        for _ in 0..<5 {
          try await neighbour.goodbye([service], wholly: true)
          try await neighbour.announce([service])
        }
        try await letTimePass(.seconds(2))
        #expect(try await daemon.backend().status == "healthy")

        // At once, and before its grace period ends.
        try await standIn.resetCounts()
        try await neighbour.goodbye([service], wholly: true)
        try await watch.change("removed", of: "box", within: .seconds(30))
        let traffic = try await standIn.traffic(at: 8080)
        #expect(traffic.requests["/v1/models"] == 2, "\(traffic.requests)")
      }
    }

    @Test("while avahi-daemon hangs, checks go on")
    func avahiHangs() async throws {
      try await withPeer { peer, neighbour, listener in
        let standIn = try await peer.startStandIn([.init(port: 8080, kind: "vllm")])
        try await neighbour.announce([.llm("box", 8080, at: [await peer.address])])
        let daemon = try await listener.startDaemon(Daemon.checking(interval: 2))
        let watch = try await daemon.watch()
        _ = try await daemon.backend("a healthy one") { $0.status == "healthy" }
        try await listener.freezeAvahi(true)
        try await standIn.resetCounts()
        _ = try await eventually(within: .seconds(30), "two more checks") {
          try await standIn.traffic(at: 8080).count >= 2 ? true : nil
        }
        try await standIn.die()
        try await watch.status("unhealthy", of: "box")
        let lines = watch.count
        try await standIn.comeBack()
        try await watch.status("healthy", of: "box", from: lines)
        try await listener.freezeAvahi(false)
      }
    }

    @Test("switched off, all is unknown and nobody is asked; the file read again, they are")
    func isOff() async throws {
      try await withPeer { peer, neighbour, listener in
        let standIn = try await peer.startStandIn([.init(port: 8080), .init(port: 8081)])
        let address = await peer.address
        try await neighbour.announce([.llm("box", 8080, at: [address])])
        let known = Daemon.configured("known", "http://\(address):8081")
        let off = Daemon.checking(more: "enabled = false\n" + known)
        let daemon = try await listener.startDaemon(off)
        try await daemon.backends("both") { $0.count == 2 }
        try await letTimePass(.seconds(3))
        for backend in try await daemon.list() {
          #expect(backend.status == "unknown")
          #expect(backend.lastCheck == nil)
        }
        for traffic in try await standIn.traffic().values { #expect(traffic.connections == 0) }

        try await listener.write(Daemon.checking(more: known), to: "/run/nexus.toml")
        try await listener.signal("HUP", daemon.process)
        try await daemon.backends("both healthy") {
          $0.values.map(\.status) == ["healthy", "healthy"]
        }
        try await listener.write(off, to: "/run/nexus.toml")
        try await listener.signal("HUP", daemon.process)
        try await daemon.backends("both unknown") {
          $0.values.map(\.status) == ["unknown", "unknown"]
        }
        try await standIn.resetCounts()
        try await letTimePass(.seconds(3))
        for traffic in try await standIn.traffic().values { #expect(traffic.count == 0) }
      }
    }

    @Test("where one address does not answer and the other does, the URL has the one that does")
    func secondAddress() async throws {
      try await withPeer { peer, neighbour, listener in
        _ = try await peer.startStandIn([.init(port: 8080), .init(port: 8081)])
        let alive = await peer.address
        // Whichever way addresses are put in order, one of these two begins with the dead one.
        let dead = ["10.77.0.1", "10.77.0.250"]
        let daemon = try await listener.startDaemon(Daemon.checking(interval: 600, timeout: 4))
        let watch = try await daemon.watch()
        try await neighbour.announce([
          .llm("low", 8080, at: [alive, dead[0]]), .llm("high", 8081, at: [dead[1], alive]),
        ])
        let found = try await daemon.backends(within: .seconds(60), "both healthy") {
          $0.count == 2
            && $0.values.allSatisfy { $0.status == "healthy" && $0.addresses.count == 2 }
        }
        for (name, port) in [("low", 8080), ("high", 8081)] {
          #expect(found[name]?.url == "http://\(alive):\(port)/v1")
          #expect(found[name]?.host == alive)
        }
        let before = watch.changes.filter { $0.event != "status" }.map(\.backend.host)
        #expect(!Set(before).isDisjoint(with: dead), "a dead one was first: \(before)")
      }
    }
  }
}
