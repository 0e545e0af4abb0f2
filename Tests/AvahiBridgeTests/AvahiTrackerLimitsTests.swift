import AvahiBridge
import DiscoveryCore
import Testing

@Suite struct AvahiTrackerLimitsTests {
  private func instance(_ number: Int) -> ServiceInstance { .plain("node-\(number)") }

  private func connected(_ change: (inout AvahiDaemonLimits) -> Void = { _ in }) -> TrackerBench {
    var limits = AvahiDaemonLimits()
    change(&limits)
    var bench = TrackerBench()
    bench.send(.daemonLimits(limits))
    bench.connect()
    return bench
  }

  /// Lets `numbers` be announced; those for which `answers` is true are resolved, the others fail.
  private func announce(
    _ numbers: Range<Int>, on bench: inout TrackerBench, answers: (Int) -> Bool = { _ in true }
  ) throws {
    for number in numbers { bench.send(.serviceNew(.at(instance(number)))) }
    var silent: [Int] = []
    for number in numbers {
      if answers(number) {
        let resolver = try #require(bench.openResolvers(of: instance(number)).first)
        bench.send(.resolved(resolver.id, resolution()))
      } else {
        silent.append(number)
      }
    }
    for _ in 0..<2 {
      for number in silent {
        for resolver in bench.openResolvers(of: instance(number)) {
          bench.send(.resolverFailed(resolver.id))
        }
      }
      bench.pass(.seconds(4))
    }
    bench.settle()
  }

  /// The names of the limits that were told, one list for each time.
  private func told(_ bench: TrackerBench) -> [[String]] {
    bench.log.compactMap {
      if case .emit(.sourceLimited(let limits)) = $0 { limits.map(\.name.rawValue) } else { nil }
    }
  }

  @Test("a cache that holds as many records as it may is told once, with the line that raises it")
  func fullCache() throws {
    var bench = connected { $0.cacheEntries = 600 }
    try announce(0..<199, on: &bench)
    bench.pass(.seconds(60))
    #expect(told(bench) == [["avahi_cache"]])
    let limit = bench.log.compactMap {
      if case .emit(.sourceLimited(let limits)) = $0 { limits.first } else { nil }
    }.first
    #expect(limit?.message.contains("cache-entries-max (now 600)") == true)
    #expect(limit?.message.contains("on eth0 (IPv4)") == true)
    #expect(limit?.message.contains("[server] of /etc/avahi/avahi-daemon.conf") == true)
  }

  @Test("a cache far from its limit, or larger than configured, is no limit", arguments: [20, 300])
  func otherCaches(_ services: Int) throws {
    var bench = connected { $0.cacheEntries = 600 }
    try announce(0..<services, on: &bench)
    bench.pass(.seconds(60))
    #expect(told(bench) == [])
  }

  @Test("services that never resolve in a cache that is half full tell that it drops records")
  func silentServices() throws {
    var bench = connected { $0.cacheEntries = 600 }
    try announce(0..<150, on: &bench) { $0 < 110 }
    bench.pass(.seconds(60))
    #expect(told(bench) == [["avahi_cache"]])
  }

  @Test("services that were resolved and then died are no sign of a full cache")
  func deadServices() throws {
    var bench = connected { $0.cacheEntries = 600 }
    try announce(0..<150, on: &bench)
    for _ in 0..<3 {
      for number in 110..<150 {
        for resolver in bench.openResolvers(of: instance(number)) {
          bench.send(.resolverFailed(resolver.id))
        }
      }
      bench.pass(.seconds(5))
    }
    bench.pass(.seconds(60))
    #expect(told(bench) == [])
  }

  @Test("a cache that is full no more is told too, and costs no further wake-up")
  func cacheWithRoom() throws {
    var bench = connected { $0.cacheEntries = 600 }
    try announce(0..<199, on: &bench)
    bench.pass(.seconds(60))
    for number in 100..<199 {
      bench.send(.serviceGone(instance(number), interfaceIndex: 2, family: .ipv4))
    }
    bench.pass(.seconds(60))
    #expect(told(bench) == [["avahi_cache"], []])
    bench.settle()
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("a resolver that is refused for want of room is a limit until it is made after all")
  func noRoom() throws {
    var bench = connected()
    bench.send(.serviceNew(.at(instance(1))))
    let resolver = try #require(bench.openResolvers(of: instance(1)).first)
    bench.send(.resolverFailed(resolver.id, .noRoom))
    bench.pass(.seconds(2))
    let retry = try #require(bench.openResolvers(of: instance(1)).first)
    bench.send(.resolverFailed(retry.id, .noRoom))
    #expect(told(bench) == [["avahi_objects"]])
    bench.pass(.seconds(2))
    let second = try #require(bench.openResolvers(of: instance(1)).first)
    bench.send(.resolved(second.id, resolution()))
    #expect(told(bench) == [["avahi_objects"], []])
  }

  @Test("the limit ends as well when what was refused goes away", arguments: [false, true])
  func noRoomForGone(isHost: Bool) throws {
    var bench = connected()
    bench.send(.serviceNew(.at(instance(1))))
    let resolver = try #require(bench.openResolvers(of: instance(1)).first)
    if isHost {
      bench.send(.resolved(resolver.id, resolution()))
      bench.settle()
      bench.send(.hostBrowserFailed(host: "box.local", .noRoom))
    } else {
      bench.send(.resolverFailed(resolver.id, .noRoom))
    }
    bench.send(.serviceGone(instance(1), interfaceIndex: 2, family: .ipv4))
    #expect(told(bench) == [["avahi_objects"], []])
  }

  @Test("a limit that still holds after a reconnect is not told again")
  func reconnect() throws {
    var bench = TrackerBench(maximum: 1)
    bench.connect()
    for number in 0..<2 { bench.send(.serviceNew(.at(instance(number)))) }
    #expect(told(bench) == [["sightings"]])
    bench.send(.disconnected(reason: "gone"))
    bench.send(.connected)
    for number in 0..<2 { bench.send(.serviceNew(.at(instance(number)))) }
    bench.send(.allForNow(.ollama))
    bench.pass(.seconds(20))
    #expect(told(bench) == [["sightings"]])
  }
}
