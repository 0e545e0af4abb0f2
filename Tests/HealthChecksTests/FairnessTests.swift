import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct FairnessTests {
  /// 1,000 servers at once, of which 300 hang; the hanging ones come first, or anywhere.
  private func crowd(hangingFirst: Bool, seed: UInt64) -> (VirtualNetwork, healthy: [BackendID]) {
    var random = SeededGenerator(seed: seed)
    var network = VirtualNetwork(seed: seed)
    var places = Array(0..<1000)
    if !hangingFirst { places.shuffle(using: &random) }
    let hanging = Set(places[..<300])
    var healthy: [BackendID] = []
    for number in 0..<1000 {
      let id = VirtualNetwork.id("s\(number)")
      network.servers[id] = .init(
        latency: .milliseconds(Int.random(in: 1...400, using: &random)),
        hangs: hanging.contains(number))
      if !hanging.contains(number) { healthy.append(id) }
    }
    network.report(
      (0..<1000).map { number in
        .serviceFound(
          .mdns(
            "s\(number)", at: ["10.0.\(number / 200).\(number % 200 + 1)"],
            host: "h\(number).local"))
      })
    return (network, healthy)
  }

  @Test(
    "of 1,000 backends 300 hang: every healthy one gets its check within its interval, from the start",
    arguments: [(true, 1), (false, 2)] as [(Bool, UInt64)])
  func hanging(hangingFirst: Bool, seed: UInt64) {
    var (network, healthy) = crowd(hangingFirst: hangingFirst, seed: seed)
    let begin = network.now.uptime
    network.pass(.seconds(600))
    // Spread over ten percent, and a moment for those that are due all at once.
    let limit = network.settings.interval * 1.1 + .seconds(2)
    var longest = Duration.zero
    for id in healthy {
      let times = [begin] + (network.checks[id] ?? []) + [network.now.uptime]
      for (earlier, later) in zip(times, times.dropFirst()) {
        longest = max(longest, earlier.duration(to: later))
      }
    }
    #expect(longest <= limit, "the longest gap is \(longest)")
    #expect(network.mostAtOnce == 32)
    #expect(network.twiceAtOnce == 0)
    let statuses = Dictionary(
      uniqueKeysWithValues: network.registry.snapshot().backends.map { ($0.id, $0.status) })
    #expect(healthy.allSatisfy { statuses[$0] == .healthy })
    #expect(statuses.values.filter { $0 == .unhealthy }.count == 300)
  }

  @Test("servers that begin to hang, many at once, delay nobody else")
  func suddenly() {
    var (network, _) = crowd(hangingFirst: false, seed: 5)
    for id in network.servers.keys { network.servers[id]?.hangs = false }
    network.pass(.seconds(120))
    let ids = network.servers.keys.sorted()
    for id in ids[..<300] { network.servers[id]?.hangs = true }
    let begin = network.now.uptime
    network.pass(.seconds(300))
    // Spread over ten percent, and a moment for those that are due all at once.
    let limit = network.settings.interval * 1.1 + .seconds(2)
    var longest = Duration.zero
    var fewest = Int.max
    for id in ids[300...] {
      let times = (network.checks[id] ?? []).filter { $0 > begin }
      for (earlier, later) in zip(times, times.dropFirst()) {
        longest = max(longest, earlier.duration(to: later))
      }
      fewest = min(fewest, times.count)
    }
    #expect(longest <= limit, "the longest gap is \(longest)")
    #expect(fewest >= 9)
  }

  @Test("a slow server is given all of its time, and keeps its status")
  func slow() {
    var (network, healthy) = crowd(hangingFirst: true, seed: 6)
    let slow = healthy[..<20]
    for id in slow { network.servers[id]?.latency = .seconds(4) }
    network.pass(.seconds(600))
    let statuses = Dictionary(
      uniqueKeysWithValues: network.registry.snapshot().backends.map { ($0.id, $0.status) })
    #expect(slow.allSatisfy { statuses[$0] == .healthy })
    let changes = network.changes.filter { slow.contains($0.backend.id) && $0.kind == .status }
    #expect(changes.count == 20)
  }
}
