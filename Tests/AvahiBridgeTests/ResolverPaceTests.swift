import AvahiBridge
import DiscoveryCore
import Testing

@Suite("How many resolvers ask at once")
struct ResolverPaceTests {
  private let boxes = (0..<5).map { ServiceInstance.plain("box\($0)") }

  /// A bench with two places, on which all of `boxes` were seen at once.
  private func crowded() -> TrackerBench {
    var bench = TrackerBench(places: 2)
    bench.connect()
    for box in boxes { bench.send(.serviceNew(.at(box))) }
    return bench
  }

  /// Who was asked for, in that order.
  private func asked(_ actions: [AvahiTracker.Action]) -> [String] {
    actions.compactMap {
      if case .startResolver(let request) = $0 { request.instance.name } else { nil }
    }
  }

  private func answer(_ bench: inout TrackerBench, _ box: Int) throws -> [AvahiTracker.Action] {
    let resolver = try #require(bench.openResolvers(of: boxes[box]).last)
    return bench.send(.resolved(resolver.id, resolution("box\(box).local")))
  }

  @Test("those without a place wait, in the order of their coming")
  func waits() throws {
    var bench = crowded()
    #expect(asked(bench.log) == ["box0", "box1"])
    let first = try answer(&bench, 1)
    #expect(asked(first) == ["box2"])
    let second = try answer(&bench, 0)
    #expect(asked(second) == ["box3"])
  }

  @Test("who does not answer keeps the others waiting for a period, not longer")
  func silence() {
    var bench = crowded()
    let early = bench.pass(ResolverPace.period - .nanoseconds(1))
    #expect(asked(early) == [])
    let second = bench.pass(.nanoseconds(1))
    #expect(asked(second) == ["box2", "box3"])
    let third = bench.pass(ResolverPace.period)
    #expect(asked(third) == ["box4"])
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("an answer after its period gives nothing back twice")
  func lateAnswer() throws {
    var bench = crowded()
    bench.pass(ResolverPace.period)
    let late = try answer(&bench, 0)
    #expect(asked(late) == [])
    let inTime = try answer(&bench, 2)
    #expect(asked(inTime) == ["box4"])
  }

  @Test("a failure and a goodbye give their place back")
  func otherEnds() throws {
    var bench = crowded()
    let resolver = try #require(bench.openResolvers(of: boxes[0]).first)
    let failed = bench.send(.resolverFailed(resolver.id))
    #expect(asked(failed) == ["box2"])
    let gone = bench.send(.serviceGone(boxes[1], interfaceIndex: 2, family: .ipv4))
    #expect(asked(gone) == ["box3"])
  }

  @Test("who went while it waited is not asked for")
  func goneWhileWaiting() {
    var bench = crowded()
    bench.send(.serviceGone(boxes[2], interfaceIndex: 2, family: .ipv4))
    bench.send(.serviceGone(boxes[3], interfaceIndex: 2, family: .ipv4))
    let next = bench.pass(ResolverPace.period)
    #expect(asked(next) == ["box4"])
  }

  @Test("who comes and goes while it waits is asked for once, and fills no queue")
  func flapping() throws {
    var bench = crowded()
    for _ in 0..<1000 {
      bench.send(.serviceGone(boxes[3], interfaceIndex: 2, family: .ipv4))
      bench.send(.serviceNew(.at(boxes[3])))
    }
    #expect(bench.tracker.waitingCount < 100)
    bench.pass(ResolverPace.period)
    let answered = try answer(&bench, 3)
    #expect(asked(answered) == ["box4"])
    let later = bench.pass(.seconds(10))
    #expect(asked(later) == [])
    #expect(bench.faults.isEmpty)
  }

  @Test("the full set is not delivered while some wait")
  func fullSet() throws {
    var bench = TrackerBench(places: 1)
    bench.send(.connected)
    bench.send(.serviceNew(.at(boxes[0])))
    bench.send(.serviceNew(.at(boxes[1])))
    bench.send(.allForNow(.ollama))
    let first = try answer(&bench, 0)
    #expect(!first.contains(.emit(.fullSetDelivered)))
    let second = try answer(&bench, 1)
    #expect(second.last == .emit(.fullSetDelivered))
  }

  @Test("a new connection begins with all places, and with nobody who waits")
  func newConnection() {
    var bench = crowded()
    bench.send(.disconnected(reason: "gone"))
    bench.connect()
    let afterwards = bench.pass(.seconds(10))
    #expect(asked(afterwards) == [])
    let asked = asked(bench.send(.serviceNew(.at(boxes[4]))))
    #expect(asked == ["box4"])
  }
}
