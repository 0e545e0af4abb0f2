import Foundation
import Testing

extension LabTests {
  @Suite("Scale and idleness", .timeLimit(.minutes(5)))
  struct Scale {
    @Test("200 services at once are all there; then 10 idle seconds pass without one waking")
    func manyThenIdle() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let alpha = try await lab.bareHost("peer", on: [lan])
        let peer = try await alpha.startZeroconfPeer()
        let address = await alpha.address
        let daemon = try await listening.startDaemon(Daemon.configuration(queryInterval: 0))
        let services = (0..<200).map {
          ZeroconfPeer.Service(
            name: "node-\($0)", port: 20000 + $0, txt: ["version": "1.\($0)"],
            addresses: [address])
        }
        try await peer.register(services)
        let listed = try await eventually(within: .seconds(60), "200 backends") {
          let list = try await daemon.list()
          return list.count >= 200 ? list : nil
        }
        #expect(Set(listed.map(\.name)) == Set(services.map(\.name)))
        #expect(Set(listed.map(\.port)) == Set(services.map(\.port)))
        #expect(Set(listed.map(\.id)).count == 200)

        // First what came last is worked off, the state is saved (after 5 s), and Dispatch lets its idle
        // threads go (5 s later). Whatever woke again and again would never let 10 s pass.
        _ = try await eventually(within: .seconds(90), "10 s without one waking") { () -> Bool? in
          let before = try await daemon.voluntarySwitches()
          try await letTimePass(.seconds(10))
          return try await daemon.voluntarySwitches() == before ? true : nil
        }
      }
    }
  }
}
