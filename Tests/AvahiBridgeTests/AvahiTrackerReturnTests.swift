import AvahiBridge
import DiscoveryCore
import Testing

@Suite struct AvahiTrackerReturnTests {
  private let box = ServiceInstance.plain("box")
  private var boxID: Sighting.ID {
    Sighting.ID(identity: box.fullName, interface: "eth0", family: .ipv4)
  }

  /// A bench on which `box` was resolved and then lost, and the resolver that waits for its return.
  private func lost() throws -> (TrackerBench, AvahiTracker.ResolverRequest) {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution()))
    bench.settle()
    bench.send(.resolverFailed(resolver.id, .unanswered))
    return (bench, try #require(bench.openResolvers(of: box).first))
  }

  @Test("a lost service that is back after long is resolved as soon as its SRV record is")
  func returns() throws {
    var (bench, lookout) = try lost()
    #expect(lookout.lookup == [])
    #expect(bench.send(.resolverFailed(lookout.id, .unanswered)) == [])
    for delay in [1, 2, 4, 8, 16, 32, 60] {
      bench.pass(.seconds(delay))
      let next = try #require(bench.openResolvers(of: box).last)
      bench.send(.resolverFailed(next.id, .unanswered))
    }
    #expect(bench.openResolvers(of: box) == [lookout])
    bench.send(.resolved(lookout.id, resolution(address: nil)))
    let next = try #require(bench.openResolvers(of: box).last)
    #expect(next.lookup == [.txt, .address])
    // Meanwhile it goes on: the record may come and go.
    #expect(bench.send(.resolverFailed(lookout.id, .unanswered)) == [])
    #expect(bench.send(.resolved(lookout.id, resolution(address: nil))) == [])
    bench.send(.resolved(next.id, resolution(address: "10.0.0.9")))
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.9"])
    #expect(bench.openResolvers(of: box) == [next])
  }

  @Test("a service whose SRV record never went is not back: its attempts stay rare")
  func noReturn() throws {
    var (bench, lookout) = try lost()
    #expect(bench.send(.resolved(lookout.id, resolution(address: nil))) == [])
    bench.pass(.milliseconds(999))
    #expect(bench.openResolvers(of: box) == [lookout])
  }

  @Test("a lookout for which there is no room is done without")
  func noRoomForLookout() throws {
    var (bench, lookout) = try lost()
    #expect(bench.send(.resolverFailed(lookout.id, .noRoom)) == [.stopResolver(lookout.id)])
    bench.pass(.seconds(1))
    #expect(bench.openResolvers(of: box).count == 1)
  }

  @Test("a service that never answered is not waited for")
  func neverThere() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolverFailed(resolver.id, .unanswered))
    #expect(bench.resolvers.isEmpty)
  }

  @Test("a lost service that is withdrawn is waited for no longer")
  func withdrawn() throws {
    var (bench, lookout) = try lost()
    #expect(
      bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4))
        == [.stopResolver(lookout.id)])
    #expect(bench.tracker.nextDeadline == nil)
  }
}
