import Foundation
import Testing

extension LabTests {
  @Suite("Crowds of servers", .timeLimit(.minutes(5)))
  struct Crowds {
    private static func hanging(_ ports: Range<Int>) -> [BackendStandIn.Server] {
      ports.map { .init(port: $0, behaviour: .hang) }
    }

    @Test("SIGTERM during 300 hanging checks ends it within 2 s")
    func termination() async throws {
      try await withBarePeer { peer, checker in
        let ports = 10_000..<10_300
        let standIn = try await peer.startStandIn(Self.hanging(ports))
        let address = await peer.address
        let backends = ports.map { Daemon.configured("hanging-\($0)", "http://\(address):\($0)") }
        let daemon = try await checker.startDaemon(
          Daemon.checking(
            interval: 120, timeout: 60, concurrent: 512, discovery: "enabled = false",
            more: backends.joined()))
        _ = try await eventually(within: .seconds(90), "300 checks that hang") {
          let open = try await standIn.traffic().values.map(\.open)
          return open.reduce(0, +) == ports.count ? true : nil
        }
        try await daemon.stopInTime()
      }
    }

    @Test("of 1,000 servers 300 hang, and each of the others gets its check within its interval")
    func fairness() async throws {
      try await withBarePeer { peer, checker in
        let (hanging, well) = (20_000..<20_300, 20_300..<21_000)
        let standIn = try await peer.startStandIn(
          Self.hanging(hanging) + well.map { .init(port: $0, kind: "localai") })
        let address = await peer.address
        // The hanging ones are among the others, as they would be.
        let ports = (hanging.lowerBound..<well.upperBound).shuffled()
        let backends = ports.map { Daemon.configured("s\($0)", "http://\(address):\($0)") }
        let daemon = try await checker.startDaemon(
          Daemon.checking(
            interval: 10, timeout: 5, discovery: "enabled = false", more: backends.joined()))
        // On a machine with much else to do, one that takes a third of a second is first taken for one
        // that hangs, and waits for its turn among those: 300 times 5 s, 16 at a time.
        try await daemon.backends(within: .seconds(200), "700 healthy ones") {
          $0.values.count { $0.status == "healthy" } == well.count
        }
        try await standIn.resetCounts()
        try await letTimePass(.seconds(17))
        let traffic = try await standIn.traffic()
        let pauses = well.compactMap { traffic[$0]?.longestPause }
        #expect(pauses.count == well.count)
        // An interval and its tenth; what is more is this machine's own. Behind those that hang it were
        // 47 s.
        #expect((pauses.max() ?? 99) < 14, "the longest pause")
        // The hanging ones are asked too.
        let asked = hanging.count { traffic[$0]?.connections ?? 0 > 0 }
        #expect(asked > 0)
        #expect((traffic.values.map(\.mostOpen).max() ?? 99) == 1)
        let open = try await checker.succeed(
          "sh", "-c", "ls /proc/\(daemon.process.pid)/fd | wc -l")
        // As many as run at once, and those of the daemon itself.
        #expect(Int(open.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 999 < 32 + 30)
        let list = try await daemon.list()
        #expect(list.count { $0.status == "healthy" } == well.count)
      }
    }
  }
}
