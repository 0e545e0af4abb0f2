import AvahiBridge
import DiscoveryCore
import Testing

@Suite struct AvahiTrackerTests {
  private let box = ServiceInstance.plain("box")
  private var boxID: Sighting.ID {
    Sighting.ID(identity: box.fullName, interface: "eth0", family: .ipv4)
  }

  /// A bench on which `box` is seen and resolved.
  private func resolved() throws -> TrackerBench {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution()))
    bench.settle()
    return bench
  }

  @Test("connecting browses each type, and says so")
  func connects() {
    var bench = TrackerBench(types: [.ollama, .llm])
    #expect(
      bench.send(.connected) == [
        .emit(.sourceConnected), .startBrowser(.ollama, ipv6: true),
        .startBrowser(.llm, ipv6: true),
      ])
  }

  @Test("the first answer is told at once, before the host's other addresses are asked for")
  func firstAnswer() throws {
    var bench = TrackerBench()
    bench.connect()
    let started = bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(started == [.startResolver(resolver)])
    #expect(resolver.lookup == [.txt, .address])
    let txt = TXTRecord(["version": "1"])
    let told = bench.send(.resolved(resolver.id, resolution("Box.local", txt: txt)))
    let sighting = Sighting(
      id: boxID, name: "box", hostname: "box.local", port: 11434,
      addresses: [Address(ipv4: 0x0A00_0005)], instance: box, txt: txt)
    #expect(told == [.emit(.serviceFound(sighting))])
    #expect(bench.settle() == [.startHostBrowser("box.local", ipv6: true)])
  }

  @Test("a host's addresses join on the interface that they were heard on, with their zone")
  func hostAddresses() throws {
    var bench = try resolved()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    #expect(bench.settle() == [])
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.6", over: .ipv6)))
    bench.send(.hostRecordNew(host: "box.local", record("fe80::1")))
    bench.send(.hostRecordNew(host: "box.local", record("10.1.0.5", on: .eth1)))
    #expect(bench.settle().count == 1)
    #expect(
      bench.present[boxID]?.addresses.map(\.description)
        == ["10.0.0.5", "10.0.0.6", "fe80::1%eth0"])
    bench.send(.hostRecordGone(host: "box.local", record("fe80::1")))
    bench.settle()
    #expect(
      bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.5", "10.0.0.6"])
  }

  @Test("when a host's last address goes, the resolver's own remains")
  func lastAddress() throws {
    var bench = try resolved()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.send(.hostRecordGone(host: "box.local", record("10.0.0.5")))
    bench.settle()
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.5"])
  }

  @Test("an address that replaces another is one change, told when both were seen")
  func replacedAddress() throws {
    var bench = try resolved()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.settle()
    bench.pass(.seconds(60))
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.hostRecordNew(host: "box.local", record("10.0.0.9"))) == [])
    #expect(bench.send(.resolved(resolver.id, resolution(address: "10.0.0.9"))) == [])
    #expect(bench.settle() == [])
    #expect(bench.pass(.seconds(1)) == [])
    #expect(bench.send(.hostRecordGone(host: "box.local", record("10.0.0.5"))) == [])
    #expect(bench.settle().count == 1)
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.9"])
    #expect(bench.pass(.seconds(60)) == [])
  }

  @Test("an address that went before its successor came is one change too")
  func goodbyeFirst() throws {
    var bench = try resolved()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.6")))
    bench.settle()
    bench.pass(.seconds(60))
    #expect(bench.send(.hostRecordGone(host: "box.local", record("10.0.0.6"))) == [])
    #expect(bench.settle() == [])
    bench.pass(.milliseconds(700))
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.7")))
    #expect(bench.settle().count == 1)
    #expect(
      bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.5", "10.0.0.7"])
  }

  @Test("an address that came or went alone is told after 1.6 s")
  func lonelyAddress() throws {
    var bench = try resolved()
    bench.pass(.seconds(60))
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.6")))
    bench.settle()
    #expect(bench.pass(.milliseconds(1599)) == [])
    #expect(bench.pass(.milliseconds(1)).count == 1)
    bench.pass(.seconds(60))
    bench.send(.hostRecordGone(host: "box.local", record("10.0.0.6")))
    bench.settle()
    #expect(bench.pass(.milliseconds(1599)) == [])
    #expect(bench.pass(.milliseconds(1)).count == 1)
  }

  @Test("a link-local address alone waits 150 ms for a better one to be told with")
  func linkLocalWaits() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.resolved(resolver.id, resolution(address: "fe80::1"))) == [])
    bench.settle()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.settle()
    #expect(
      bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.5", "fe80::1%eth0"])

    var alone = TrackerBench()
    alone.connect()
    alone.send(.serviceNew(.at(box)))
    let other = try #require(alone.openResolvers(of: box).first)
    alone.send(.resolved(other.id, resolution(address: "fe80::1")))
    alone.settle()
    #expect(alone.pass(.milliseconds(149)) == [])
    #expect(alone.pass(.milliseconds(1)).count == 1)
    #expect(alone.present[boxID]?.addresses.map(\.description) == ["fe80::1%eth0"])
  }

  @Test("a port that changes while addresses settle is told at once")
  func portWhileSettling() throws {
    var bench = try resolved()
    bench.pass(.seconds(60))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.9")))
    #expect(bench.send(.resolved(resolver.id, resolution(port: 1))).count == 1)
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.9"])
    #expect(bench.pass(.seconds(60)) == [])
  }

  @Test("a changed port or TXT record is told, an unchanged one is not")
  func changes() throws {
    var bench = try resolved()
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.resolved(resolver.id, resolution())) == [])
    #expect(bench.send(.resolved(resolver.id, resolution(port: 8080))).count == 1)
    let txt = TXTRecord(["models": "a"])
    #expect(bench.send(.resolved(resolver.id, resolution(port: 8080, txt: txt))).count == 1)
    #expect(bench.present[boxID]?.port == 8080)
    #expect(bench.present[boxID]?.txt == txt)
  }

  @Test("a changed host name is followed, and the former host is let go")
  func hostRenamed() throws {
    var bench = try resolved()
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution("box-2.local")))
    bench.settle()
    #expect(bench.hosts == ["box-2.local"])
  }

  @Test("a removed service is told, and all made for it is stopped")
  func removed() throws {
    var bench = try resolved()
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(
      bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4)) == [
        .stopResolver(resolver.id), .stopHostBrowser("box.local"), .emit(.serviceRemoved(boxID)),
      ])
    #expect(bench.send(.resolved(resolver.id, resolution())) == [])
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("services of one host share its browser until the last goes")
  func sharedHost() throws {
    var bench = try resolved()
    let other = ServiceInstance.plain("other")
    bench.send(.serviceNew(.at(other)))
    let resolver = try #require(bench.openResolvers(of: other).first)
    bench.send(.resolved(resolver.id, resolution(port: 1)))
    #expect(bench.settle() == [])
    bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4))
    #expect(bench.hosts == ["box.local"])
    bench.send(.serviceGone(other, interfaceIndex: 2, family: .ipv4))
    #expect(bench.hosts == [])
  }

  @Test("a resolver that fails takes its sighting along and is made anew after a second")
  func resolverLost() throws {
    var bench = try resolved()
    let resolver = try #require(bench.openResolvers(of: box).first)
    let actions = bench.send(.resolverFailed(resolver.id, .unanswered))
    let lookout = try #require(bench.openResolvers(of: box).first)
    #expect(
      actions == [
        .stopResolver(resolver.id), .stopHostBrowser("box.local"), .emit(.serviceRemoved(boxID)),
        .startResolver(lookout),
      ])
    bench.pass(.milliseconds(999))
    #expect(bench.openResolvers(of: box) == [lookout])
    bench.pass(.milliseconds(1))
    let next = try #require(bench.openResolvers(of: box).last)
    #expect(next.lookup == [.txt, .address])
    bench.send(.resolved(next.id, resolution(address: "10.0.0.9")))
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.9"])
    #expect(bench.openResolvers(of: box) == [next])
  }

  @Test("what does not resolve is asked for less, after 1, 2, 4 … 60 seconds")
  func retries() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    var lookups: [AvahiTracker.Lookup] = []
    for delay in [1, 2, 4, 8, 16, 32, 60, 60] {
      let resolver = try #require(bench.openResolvers(of: box).first)
      lookups.append(resolver.lookup)
      bench.send(.resolverFailed(resolver.id))
      bench.pass(.seconds(delay) - .nanoseconds(1))
      #expect(bench.resolvers.isEmpty)
      bench.pass(.nanoseconds(1))
    }
    #expect(
      lookups.prefix(5) == [[.txt, .address], [.address], [.address], [.txt], []])
    #expect(bench.present.isEmpty)
  }

  @Test("a service that resolves only without TXT is told, and its TXT asked for on the side")
  func withoutTXT() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let first = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolverFailed(first.id))
    bench.pass(.seconds(1))
    let second = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(second.id, resolution()))
    #expect(bench.present[boxID] != nil)
    bench.pass(.seconds(1))
    let third = try #require(bench.openResolvers(of: box).last)
    #expect(third.lookup == [.txt, .address])
    bench.send(.resolverFailed(third.id))
    #expect(bench.present[boxID] != nil)
    bench.pass(.seconds(1))
    let fourth = try #require(bench.openResolvers(of: box).last)
    let txt = TXTRecord(["a": "b"])
    bench.send(.resolved(fourth.id, resolution(txt: txt)))
    #expect(bench.present[boxID]?.txt == txt)
    #expect(bench.openResolvers(of: box).map(\.id) == [fourth.id])
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("a service resolved without address waits for its host's")
  func withoutAddress() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box, .eth0, .ipv6)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.resolved(resolver.id, resolution(address: nil))) == [])
    bench.settle()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.settle()
    #expect(bench.present.values.first?.addresses.map(\.description) == ["10.0.0.5"])
    bench.send(.hostRecordGone(host: "box.local", record("10.0.0.5")))
    bench.settle()
    #expect(bench.present.count == 1)
  }

  @Test(
    "a target that is no host name, or outside .local, is not asked for; the latter is told as it is",
    arguments: [
      ("$(id)\u{0}.local", nil), (#"b\195\188ro.local"#, nil), ("EVIL.example", "EVIL.example"),
      (#"e\032vil.example"#, #"e\032vil.example"#), (#"evil\.local"#, #"evil\.local"#),
      ("8.8.8.8", "8.8.8.8"), ("local", "local"), ("", ""),
    ] as [(String, String?)])
  func badHostName(target: String, told: String?) throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution(target, port: 0)))
    #expect(bench.settle() == [])
    #expect(bench.present[boxID]?.hostname == told)
    #expect(bench.present[boxID]?.port == 0)
  }

  @Test("a host keeps 64 address records and no more")
  func hostileHost() throws {
    var bench = try resolved()
    for number in 1...100 {
      bench.send(.hostRecordNew(host: "box.local", record("10.9.0.\(number)")))
    }
    bench.settle()
    #expect(bench.present[boxID]?.addresses.count == 64)
  }

  @Test("a host browser that fails is made anew after a second")
  func hostBrowserFails() throws {
    var bench = try resolved()
    #expect(
      bench.send(.hostBrowserFailed(host: "box.local")) == [.stopHostBrowser("box.local")])
    bench.pass(.seconds(1))
    #expect(bench.settle() == [.startHostBrowser("box.local", ipv6: true)])
  }

  @Test("an address that a new host browser does not repeat is gone, the others stay all the while")
  func hostBrowserRepeats() throws {
    var bench = try resolved()
    for address in ["10.0.0.5", "10.0.0.6"] {
      bench.send(.hostRecordNew(host: "box.local", record(address)))
    }
    bench.settle()
    bench.send(.hostBrowserFailed(host: "box.local"))
    bench.pass(.seconds(1))
    bench.settle()
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.pass(.milliseconds(3_999))
    #expect(bench.settle() == [])
    bench.pass(.milliseconds(1))
    #expect(bench.settle().count == 1)
    #expect(bench.present[boxID]?.addresses.map(\.description) == ["10.0.0.5"])
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("hosts are browsed one after the other, in the order in which they were named")
  func manyHosts() throws {
    var bench = TrackerBench()
    bench.connect()
    for number in 0..<200 {
      let instance = ServiceInstance.plain("box\(number)")
      bench.send(.serviceNew(.at(instance)))
      let resolver = try #require(bench.openResolvers(of: instance).first)
      bench.send(.resolved(resolver.id, resolution("h\(number).local")))
    }
    let expected = (0..<200).map {
      AvahiTracker.Action.startHostBrowser("h\($0).local", ipv6: true)
    }
    #expect(bench.settle() == expected)
  }

  @Test("a host that is gone before its turn is not browsed")
  func hostGoneBeforeItsTurn() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution()))
    bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4))
    #expect(bench.settle() == [])
  }
}
