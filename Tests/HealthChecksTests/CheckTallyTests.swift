import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct CheckTallyTests {
  private static let id = VirtualNetwork.id("gpu1")

  @Test("each check that ended is counted by what it found, with the time it took")
  func counts() {
    var network = VirtualNetwork()
    network.servers[Self.id] = .init()
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(100))
    let good = network.checks[Self.id]?.count ?? 0
    #expect(good > 2)
    #expect(network.checker.tally.counts == [.success: good])
    #expect(network.checker.tally.durations.sum == .milliseconds(20) * good)

    network.servers[Self.id]?.hangs = true
    network.pass(.seconds(100))
    let all = network.checks[Self.id]?.count ?? 0
    let tally = network.checker.tally
    #expect(all > good)
    #expect(tally.counts == [.success: good, .failure: all - good])
    #expect(tally.durations.count == all)
    // A check that timed out took the 5 s that it had.
    #expect(tally.durations.sum == .milliseconds(20) * good + .seconds(5) * (all - good))
  }

  @Test("a check that was cancelled is not counted")
  func cancelled() {
    var network = VirtualNetwork()
    network.servers[Self.id] = .init(hangs: true)
    network.report(.serviceFound(.mdns()))
    network.pass(.seconds(1))
    network.report(.serviceFound(.mdns(port: 1)))
    #expect(network.cancelledCount == 1)
    #expect(network.checker.tally == CheckTally())
  }
}
