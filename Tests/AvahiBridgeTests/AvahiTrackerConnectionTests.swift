import AvahiBridge
import DiscoveryCore
import Testing

@Suite struct AvahiTrackerConnectionTests {
  private let box = ServiceInstance.plain("box")

  @Test("a failure is told once for each reason, not for each attempt")
  func failures() {
    var bench = TrackerBench()
    #expect(
      bench.send(.disconnected(reason: "no bus")) == [.emit(.sourceFailed(reason: "no bus"))])
    #expect(bench.send(.disconnected(reason: "no bus")) == [])
    #expect(bench.send(.disconnected(reason: "no daemon")).count == 1)
    bench.send(.connected)
    #expect(bench.send(.disconnected(reason: "no daemon")).count == 1)
  }

  @Test("a lost connection forgets everything and tells of no removal")
  func lost() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution()))
    #expect(bench.send(.disconnected(reason: "gone")) == [.emit(.sourceFailed(reason: "gone"))])
    #expect(bench.tracker.nextDeadline == nil)
    #expect(!bench.tracker.hasIdleWork)
    #expect(bench.send(.resolved(resolver.id, resolution(port: 1))) == [])
    #expect(bench.send(.serviceNew(.at(box))) == [])
  }

  @Test("the full set is there when all browsers listed and all services are told or gone")
  func fullSet() throws {
    var bench = TrackerBench(types: [.ollama, .llm])
    bench.send(.connected)
    bench.send(.serviceNew(.at(box)))
    bench.send(.serviceNew(.at(box, .eth0, .ipv6)))
    bench.send(.allForNow(.ollama))
    bench.send(.allForNow(.llm))
    bench.send(.allForNow(.llm))
    let open = bench.openResolvers(of: box)
    #expect(bench.send(.resolved(open[0].id, resolution())).count == 1)
    #expect(bench.send(.resolverFailed(open[1].id)) == [.stopResolver(open[1].id)])
    bench.pass(.seconds(1))
    let retry = try #require(bench.openResolvers(of: box).last)
    #expect(bench.send(.resolved(retry.id, resolution())).last == .emit(.fullSetDelivered))
    bench.pass(.seconds(60))
    #expect(bench.log.filter { $0 == .emit(.fullSetDelivered) }.count == 1)
  }

  @Test("the full set waits for a service that at first has a link-local address alone")
  func fullSetWithLinkLocal() throws {
    var bench = TrackerBench()
    bench.send(.connected)
    bench.send(.serviceNew(.at(box)))
    bench.send(.allForNow(.ollama))
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.resolved(resolver.id, resolution(address: "fe80::1"))) == [])
    let actions = bench.pass(.milliseconds(150))
    #expect(actions.count == 2)
    #expect(actions.last == .emit(.fullSetDelivered))
  }

  @Test("the full set is there once the last service is told, even if an idle turn does that")
  func fullSetWhenIdle() throws {
    var bench = TrackerBench()
    bench.send(.connected)
    bench.send(.serviceNew(.at(box)))
    bench.send(.allForNow(.ollama))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution(address: nil)))
    bench.settle()
    #expect(bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5"))) == [])
    let actions = bench.settle()
    #expect(actions.count == 2)
    #expect(actions.last == .emit(.fullSetDelivered))
  }

  @Test("a service that goes before it answers holds up no full set")
  func fullSetWithoutLost() {
    var bench = TrackerBench()
    bench.send(.connected)
    bench.send(.serviceNew(.at(box)))
    bench.send(.allForNow(.ollama))
    #expect(
      bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4)).last
        == .emit(.fullSetDelivered))
  }

  @Test("the full set is there after 10 seconds, whatever is open")
  func lateFullSet() {
    var bench = TrackerBench()
    bench.send(.connected)
    bench.send(.serviceNew(.at(box)))
    #expect(bench.pass(.milliseconds(9_999)) == [])
    #expect(bench.pass(.milliseconds(1)) == [.emit(.fullSetDelivered)])
  }

  @Test("once connected again, the full set is not there before peers had 4 seconds to answer")
  func fullSetAgain() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.disconnected(reason: "gone"))
    bench.send(.connected)
    #expect(bench.send(.allForNow(.ollama)) == [])
    bench.pass(.milliseconds(3_999))
    bench.send(.serviceNew(.at(box)))
    #expect(bench.pass(.milliseconds(1)) == [])
    let resolver = try #require(bench.openResolvers(of: box).first)
    #expect(bench.send(.resolved(resolver.id, resolution())).last == .emit(.fullSetDelivered))
    #expect(bench.tracker.nextDeadline == nil)
  }

  @Test("without service types the full set is empty and there at once")
  func nothingToBrowse() {
    var bench = TrackerBench(types: [])
    #expect(bench.send(.connected) == [.emit(.sourceConnected), .emit(.fullSetDelivered)])
  }

  @Test("a browser that fails is made anew; what it does not list again is gone")
  func browserFails() throws {
    var bench = TrackerBench()
    bench.connect()
    let gone = ServiceInstance.plain("gone")
    for instance in [box, gone] {
      bench.send(.serviceNew(.at(instance)))
      let resolver = try #require(bench.openResolvers(of: instance).first)
      bench.send(.resolved(resolver.id, resolution()))
    }
    #expect(bench.send(.browserFailed(.ollama)) == [.stopBrowser(.ollama)])
    #expect(bench.pass(.seconds(1)) == [.startBrowser(.ollama, ipv6: true)])
    #expect(bench.send(.serviceNew(.at(box))) == [])
    bench.send(.allForNow(.ollama))
    #expect(bench.present.values.map(\.name) == ["box"])
    #expect(bench.faults == [])
  }

  @Test("other service types are browsed, and those no longer wanted go with their services")
  func changedTypes() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution()))
    bench.settle()
    bench.send(.configure(AvahiTracker.Settings(serviceTypes: [.llm])))
    #expect(bench.browsers == [.llm])
    #expect(bench.resolvers.isEmpty && bench.hosts.isEmpty && bench.present.isEmpty)
    #expect(bench.send(.serviceNew(.at(box))) == [])
  }

  @Test("IPv6 turned off takes its sightings and addresses away, turned on brings them back")
  func changedFamilies() throws {
    var bench = TrackerBench()
    bench.connect()
    for family in [Address.Family.ipv4, .ipv6] { bench.send(.serviceNew(.at(box, .eth0, family))) }
    for resolver in bench.openResolvers(of: box) {
      bench.send(.resolved(resolver.id, resolution()))
    }
    bench.settle()
    bench.send(.hostRecordNew(host: "box.local", record("fe80::1")))
    bench.settle()
    var settings = AvahiTracker.Settings(serviceTypes: [.ollama], ipv6: false)
    bench.send(.configure(settings))
    bench.settle()
    #expect(bench.log.suffix(8).contains(.startBrowser(.ollama, ipv6: false)))
    #expect(bench.log.suffix(8).contains(.startHostBrowser("box.local", ipv6: false)))
    #expect(bench.present.map(\.key.family) == [.ipv4])
    #expect(bench.present.values.first?.addresses.map(\.description) == ["10.0.0.5"])
    settings.ipv6 = true
    bench.send(.configure(settings))
    bench.settle()
    bench.send(.serviceNew(.at(box, .eth0, .ipv6)))
    #expect(bench.resolvers.count == 2)
    #expect(bench.faults == [])
  }

  @Test("a service that had nothing but IPv6 addresses goes when IPv6 is turned off")
  func onlyIPv6() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let resolver = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(resolver.id, resolution(address: nil)))
    bench.settle()
    bench.send(.hostRecordNew(host: "box.local", record("2001:db8::1")))
    bench.settle()
    #expect(bench.present.count == 1)
    bench.send(.configure(AvahiTracker.Settings(serviceTypes: [.ollama], ipv6: false)))
    bench.settle()
    #expect(bench.present.isEmpty)
    bench.send(.hostRecordNew(host: "box.local", record("10.0.0.5")))
    bench.settle()
    bench.pass(.seconds(2))
    #expect(bench.present.values.first?.addresses.map(\.description) == ["10.0.0.5"])
    #expect(bench.faults == [])
  }

  @Test("only the configured interfaces are listened to")
  func interfaces() {
    var bench = TrackerBench(interfaces: ["eth1"])
    bench.connect()
    #expect(bench.send(.serviceNew(.at(box))) == [])
    #expect(bench.send(.serviceNew(.at(box, .eth1))).count == 1)
    bench.send(
      .configure(AvahiTracker.Settings(serviceTypes: [.ollama], interfaces: ["eth0"])))
    #expect(bench.resolvers.isEmpty)
    #expect(bench.send(.serviceNew(.at(box))).count == 1)
  }

  @Test("services past the limit are ignored, counted and looked for again when there is room")
  func limit() {
    var bench = TrackerBench(maximum: 4)
    bench.connect()
    for number in 1...6 { bench.send(.serviceNew(.at(.plain("box\(number)")))) }
    #expect(bench.tracker.sightingCount == 4)
    #expect(bench.tracker.ignoredCount == 2)
    for number in 1...2 {
      bench.send(.serviceGone(.plain("box\(number)"), interfaceIndex: 2, family: .ipv4))
    }
    #expect(
      bench.log.suffix(3) == [
        .stopBrowser(.ollama), .startBrowser(.ollama, ipv6: true), .emit(.sourceLimited([])),
      ])
  }

  @Test("ignored services are looked for again once the limit is raised")
  func raisedLimit() {
    var bench = TrackerBench(types: [.ollama, .llm], maximum: 1)
    bench.connect()
    for number in 1...2 { bench.send(.serviceNew(.at(.plain("box\(number)")))) }
    let actions = bench.send(
      .configure(AvahiTracker.Settings(serviceTypes: [.ollama, .llm], maximumSightings: 2)))
    #expect(
      actions == [
        .stopBrowser(.ollama), .startBrowser(.ollama, ipv6: true), .emit(.sourceLimited([])),
      ])
    #expect(bench.send(.repeatAll) == [])
  }

  @Test("when asked, all that was told is told again, and ignored services are looked for again")
  func repeats() throws {
    var bench = TrackerBench(maximum: 3)
    bench.connect()
    let names = ["c", "a", "b", "d"]
    for name in names { bench.send(.serviceNew(.at(.plain(name)))) }
    for name in names.prefix(2) {
      let resolver = try #require(bench.openResolvers(of: .plain(name)).first)
      bench.send(.resolved(resolver.id, resolution()))
    }
    bench.settle()
    let told = bench.present.values.sorted { $0.name < $1.name }
    #expect(told.map(\.name) == ["a", "c"])
    let repeated = told.map { AvahiTracker.Action.emit(.serviceFound($0)) }
    #expect(bench.send(.repeatAll) == repeated)
    bench.send(.serviceGone(.plain("b"), interfaceIndex: 2, family: .ipv4))
    #expect(bench.send(.repeatAll).first == repeated.first)
    #expect(bench.log.contains(.startBrowser(.ollama, ipv6: true)))
    #expect(bench.faults == [])
  }

  @Test("nothing is repeated without a connection")
  func repeatsNothing() {
    var bench = TrackerBench()
    #expect(bench.send(.repeatAll) == [])
  }

  @Test("an interface that comes back under its name with another index replaces the former")
  func reborn() throws {
    var bench = TrackerBench()
    bench.connect()
    bench.send(.serviceNew(.at(box)))
    let former = try #require(bench.openResolvers(of: box).first)
    bench.send(.resolved(former.id, resolution()))
    let interface = AvahiTracker.Interface(index: 9, name: "eth0")
    bench.send(.serviceNew(.at(box, interface)))
    #expect(bench.openResolvers(of: box).map(\.interface) == [interface])
    #expect(bench.send(.serviceGone(box, interfaceIndex: 2, family: .ipv4)) == [])
    #expect(bench.present.count == 1)
    #expect(bench.send(.serviceGone(box, interfaceIndex: 9, family: .ipv4)).count == 2)
    #expect(bench.present.isEmpty)
  }

  @Test(
    "names that are no instance names are ignored",
    arguments: ["", String(repeating: "é", count: 32)])
  func badNames(_ name: String) {
    var bench = TrackerBench()
    bench.connect()
    #expect(bench.send(.serviceNew(.at(.plain(name)))) == [])
  }
}
