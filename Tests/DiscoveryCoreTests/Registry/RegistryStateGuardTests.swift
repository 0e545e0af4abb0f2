import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

/// What the registry lets in, in which order it is used, and how much of it.
@Suite struct RegistryStateGuardTests {
  @Test("the URL takes the reachable address: on-link, global, the preferred family")
  func addressChoice() {
    var bench = Bench()
    bench.find(
      .mdns(at: ["fe80::5%eth0", "192.168.7.5", "fd00::5", "10.0.0.5", "169.254.3.3"]))
    #expect(
      bench.backends[0].addresses.map(\.description)
        == ["10.0.0.5", "169.254.3.3", "fe80::5%eth0", "192.168.7.5", "fd00::5"])
    var settings = RegistryState.Settings()
    settings.prefer = .ipv6
    _ = bench.state.update(settings: settings, at: bench.now)
    #expect(bench.backends[0].addresses.last == .of("192.168.7.5"))
    #expect(bench.backends[0].host == "10.0.0.5")
  }

  @Test("a link-local address keeps its zone in the URL")
  func zone() {
    var bench = Bench()
    bench.find(.mdns(at: ["fe80::5%eth0"], family: .ipv6))
    #expect(bench.backends[0].url == "http://[fe80::5%25eth0]:11434")
    #expect(bench.backends[0].host == "fe80::5%eth0")
  }

  @Test(
    "an address that no stranger may name is refused, with the reason",
    arguments: [
      "127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
      "169.254.169.254", "8.8.8.8", "10.0.0.255", "2606:4700::1111", "::ffff:127.0.0.1",
      "::ffff:10.0.0.6", "::10.0.0.6", "64:ff9b::10.0.0.6",
    ])
  func refusedAddress(text: String) {
    var bench = Bench()
    let sighting = Sighting.mdns(at: [text])
    #expect(
      bench.notices(of: .serviceFound(sighting)) == [.skipped(sighting, .mdns, .addressRefused)])
    #expect(bench.backends.isEmpty)
    bench.find(.mdns(at: [text, "10.0.0.5"]))
    #expect(bench.backends.map(\.addresses) == [[.of("10.0.0.5")]])
  }

  @Test("this machine's own announcement may name loopback, but is reached by what others can use")
  func ownLoopback() {
    var bench = Bench()
    bench.find(.mdns(at: ["127.0.0.1"], host: "me.local", interface: "lo", isOwn: true))
    bench.find(.mdns(at: ["10.0.0.1"], host: "me.local", isOwn: true))
    #expect(bench.backends.count == 1)
    #expect(bench.backends[0].url == "http://10.0.0.1:11434")
    #expect(bench.backends[0].isLocal)
  }

  @Test("what is trusted can be widened and narrowed")
  func trust() {
    var settings = RegistryState.Settings()
    settings.trust.allow = [.of("10.0.0.0/24")]
    settings.trust.deny = [.of("10.0.0.66")]
    var bench = Bench(settings: settings)
    bench.find(.mdns("a", at: ["10.0.0.66"]))
    bench.find(.mdns("b", at: ["192.168.0.1"]))
    bench.find(.mdns("c", at: ["10.0.0.7"]))
    #expect(bench.backends.map(\.name) == ["c"])
  }

  @Test("port 0 and a target outside .local are refused")
  func refusedTargets() {
    var bench = Bench()
    let zero = Sighting.mdns(port: 0)
    #expect(bench.notices(of: .serviceFound(zero)) == [.skipped(zero, .mdns, .portZero)])
    let outside = Sighting.mdns(host: "evil.example")
    #expect(
      bench.notices(of: .serviceFound(outside)) == [.skipped(outside, .mdns, .targetOutsideLocal)])
    #expect(bench.backends.isEmpty)
  }

  @Test("each skip is counted under its reason, also when nobody is told")
  func skipCounts() {
    var bench = Bench()
    bench.find(.configured("mine", "http://10.0.0.5:11434"), from: .static)
    let skipped: [Sighting] = [
      .mdns("a", port: 0), .mdns("b", port: 0), .mdns("c", host: "evil.example"),
      .mdns("d", at: ["8.8.8.8"]), .mdns("e"),
      .mdns("f", at: ["10.0.0.6"], host: "f.local", txt: ["api_path": "//x"]),
    ]
    for isTold in [true, false] {
      bench.state.tellsSkips = isTold
      for sighting in skipped {
        let notices = bench.notices(of: .serviceFound(sighting))
        // The last one is listed, at another URL than it says.
        let isTold = isTold || sighting.name == "f"
        #expect(notices.count == (isTold ? 1 : 0), "\(sighting.name)")
        bench.lose(sighting)
      }
      _ = bench.wait(.seconds(60))
    }
    #expect(
      bench.state.skipCounts == [
        .portZero: 4, .targetOutsideLocal: 2, .addressRefused: 2, .knownAsStatic: 2,
        .apiPathRefused: 2,
      ])
    #expect(
      Set(bench.state.skipCounts.keys.filter(\.isInPart)) == [.knownAsStatic, .apiPathRefused])
  }

  @Test("a service that flaps costs its two changes each time, and leaves nothing behind")
  func flapping() {
    var bench = Bench()
    bench.find(.mdns("box"))
    let revision = bench.state.revision
    for _ in 0..<1000 {
      #expect(bench.lose(.mdns("box")) == ["disappeared box"])
      #expect(bench.wait(.milliseconds(500)) == [])
      #expect(bench.find(.mdns("box")) == ["reappeared box"])
      #expect(bench.wait(.milliseconds(500)) == [])
    }
    #expect(bench.state.revision == revision + 2000)
    #expect(bench.state.nextDeadline == nil)
    #expect(bench.state.deadlines.count == 0)
    #expect(bench.state.claims.count == 1)
  }

  @Test("a path that would steer the URL is replaced, and said once")
  func steeringPath() {
    var bench = Bench()
    let sighting = Sighting.mdns(txt: ["api_path": "@evil.example/"])
    #expect(
      bench.notices(of: .serviceFound(sighting)) == [.skipped(sighting, .mdns, .apiPathRefused)])
    #expect(bench.backends[0].url == "http://10.0.0.5:11434")
    #expect(bench.notices(of: .serviceFound(sighting)) == [])
    #expect(bench.notices(of: .serviceFound(.mdns(txt: ["api_path": "//evil/"]))) == [])
    bench.find(.mdns(txt: ["api_path": "/good"]))
    let again = bench.notices(of: .serviceFound(sighting))
    #expect(again == [.skipped(sighting, .mdns, .apiPathRefused)])
  }

  @Test("a path that would steer the URL is said again when it is the one that counts again")
  func steeringPathOnce() {
    var bench = Bench()
    let steering = Sighting.mdns(txt: ["api_path": "@evil.example/"])
    bench.find(steering)
    let plain = Sighting.mdns(interface: "eth1")
    bench.find(plain)
    let notices = bench.notices(of: .serviceRemoved(plain.id))
    #expect(notices == [.skipped(steering, .mdns, .apiPathRefused)])
  }

  @Test("the path that takes its place is that of the backend's type, whichever claim knows it")
  func steeringPathOfMerged() {
    var bench = Bench()
    bench.find(.mdns(type: "_llm._tcp", txt: ["api_path": "//evil.example/"]))
    #expect(bench.backends[0].url == "http://10.0.0.5:11434/v1")
    bench.find(.mdns())
    #expect(bench.backends.map(\.type) == [.ollama])
    #expect(bench.backends[0].url == "http://10.0.0.5:11434")
  }

  // MARK: - Limits

  @Test("past max_backends new ones are refused, known ones stay, and it is said once")
  func maxBackends() {
    var settings = RegistryState.Settings()
    settings.maxBackends = 10
    var bench = Bench(settings: settings)
    var limits = 0
    func sighting(_ number: Int) -> Sighting {
      .mdns("s\(number)", at: ["10.0.0.\(number + 2)"], host: "s\(number).local")
    }
    for number in 0..<50 {
      limits += bench.notices(of: .serviceFound(sighting(number)))
        .count { $0 == .limitReached(.backends(maximum: 10)) }
    }
    #expect(bench.backends.count == 10)
    #expect(limits == 1)
    #expect(bench.find(.mdns("s3", port: 1, at: ["10.0.0.5"], host: "s3.local")) == ["updated s3"])
    bench.find(.configured("mine", "http://10.0.9.9:1"), from: .static)
    #expect(bench.backends.count == 11)
    for number in 0..<10 { bench.lose(sighting(number)) }
    _ = bench.wait(.seconds(60))
    #expect(bench.find(sighting(40)) == ["added s40"])
  }

  @Test("a crowd on one address stays one bounded backend")
  func crowd() {
    var bench = Bench()
    for number in 0..<500 { bench.find(.mdns("s\(number)")) }
    #expect(bench.backends.count == 1)
    #expect(bench.state.sourceStatuses().isEmpty)
    for number in 0..<500 { bench.lose(.mdns("s\(number)")) }
    #expect(bench.wait(.seconds(60)).count == 1)
    #expect(bench.backends.isEmpty)
  }

  @Test("the known answers of an interface are its confirmed instances")
  func confirmed() {
    var bench = Bench()
    bench.apply(.sourceConnected)
    bench.find(.mdns("a"))
    bench.find(.mdns("b", interface: "eth1"))
    bench.find(.mdns("c"))
    bench.lose(.mdns("c"))
    #expect(bench.state.confirmedInstances(on: "eth0", over: .ipv4).map(\.name) == ["a"])
    #expect(bench.state.confirmedInstances(on: "eth0", over: .ipv6).isEmpty)
    bench.apply(.sourceFailed(reason: "x"))
    #expect(bench.state.confirmedInstances(on: "eth0", over: .ipv4).isEmpty)
  }

  @Test("a neighbour's container bridge, whose address is ours too, is no way to it")
  func sharedBridgeAddress() {
    let network = LocalNetwork(
      interfaces: LocalNetwork.oneInterface.interfaces + [
        .init(name: "docker0", index: 3, addresses: [.of("172.17.0.1/16")])
      ])
    var bench = Bench(network: network)
    bench.find(.configured("mine", "http://localhost:11434"), from: .static)
    bench.find(.mdns("box", at: ["172.17.0.1", "10.0.0.5"], host: "box.local"))
    #expect(bench.backends.map(\.name) == ["mine", "box"])
    #expect(bench.backends[1].url == "http://10.0.0.5:11434")
    #expect(!bench.backends[1].isLocal)
    bench.find(.mdns("me", port: 1, at: ["172.17.0.1", "10.0.0.1"], host: "me.local"))
    #expect(bench.backends.last?.isLocal == true)
  }

  @Test("what new trust rules no longer admit goes at once")
  func narrowed() {
    var bench = Bench()
    bench.find(.mdns("a", at: ["10.0.0.66"], host: "a.local"))
    bench.find(.mdns("b", port: 1, at: ["10.0.0.7", "10.0.0.66"], host: "b.local"))
    var settings = RegistryState.Settings()
    settings.trust.deny = [.of("10.0.0.66")]
    let changes = bench.state.update(settings: settings, at: bench.now).changes.map(Bench.summary)
    #expect(changes.sorted() == ["disappeared a", "updated b"])
    #expect(bench.backends.last?.addresses == [.of("10.0.0.7")])
  }

  @Test("a crowd cannot keep a static backend out")
  func crowdAndStatic() {
    var bench = Bench()
    for number in 0..<100 { bench.find(.mdns("s\(number)")) }
    bench.find(.configured("mine", "http://10.0.0.5:11434"), from: .static)
    #expect(bench.backends.map(\.name) == ["mine"])
  }

  @Test("when there is room again, it is said, so that what was refused can be told again")
  func roomAgain() {
    var settings = RegistryState.Settings()
    settings.maxBackends = 1
    settings.gracePeriod = .zero
    var bench = Bench(settings: settings)
    bench.find(.mdns("a"))
    bench.find(.mdns("b", at: ["10.0.0.6"], host: "b.local"))
    bench.lose(.mdns("a"))
    #expect(bench.state.expire(at: bench.now).notices == [.roomAgain])
  }
}
