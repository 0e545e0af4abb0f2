import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct AvahiTrackerPropertyTests {
  @Test("no order of events leaks an object, stops one twice or repeats what was told")
  func anyOrder() {
    for seed in UInt64(1)...300 {
      var lan = RandomLAN(seed: seed, maximum: seed.isMultiple(of: 5) ? 6 : 1000)
      for step in 0..<200 {
        lan.step()
        guard lan.bench.faults.isEmpty else {
          Issue.record("seed \(seed), step \(step): \(lan.bench.faults)")
          return
        }
      }
      lan.connect()
      lan.configure(AvahiTracker.Settings(serviceTypes: [.ollama, .llm]))
      lan.clear()
      lan.list()
      lan.bench.pass(.seconds(61))
      lan.list()
      lan.bench.settle()
      #expect(lan.bench.faults.isEmpty, "seed \(seed)")
      #expect(lan.bench.present.isEmpty, "seed \(seed)")
      #expect(lan.bench.resolvers.isEmpty, "seed \(seed)")
      #expect(lan.bench.hosts.isEmpty, "seed \(seed)")
      #expect(lan.bench.browsers == [.ollama, .llm], "seed \(seed)")
      #expect(lan.bench.tracker.sightingCount == 0, "seed \(seed)")
      #expect(lan.bench.tracker.nextDeadline == nil, "seed \(seed)")
    }
  }

  @Test("once every resolver answered, what is told is what is there, as it was last answered")
  func truth() {
    for seed in UInt64(1000)...1200 {
      var lan = RandomLAN(seed: seed, maximum: 1000)
      for _ in 0..<120 { lan.step() }
      lan.connect()
      lan.configure(AvahiTracker.Settings(serviceTypes: [.ollama, .llm]))
      // Each retry is due within 60 seconds, browsers too.
      lan.pass(.seconds(61))
      lan.list()
      lan.pass(.seconds(61))
      lan.answerAll()
      let told = lan.bench.present.mapValues(\.port)
      #expect(told == lan.truth, "seed \(seed)")
      #expect(lan.bench.faults.isEmpty, "seed \(seed)")
    }
  }
}

/// A network of a few services, told to a tracker as Avahi would, in a random order.
private struct RandomLAN {
  struct Place: Hashable {
    let instance: ServiceInstance
    let interface: AvahiTracker.Interface
    let family: Address.Family
  }

  static let places: [Place] = [ServiceType.ollama, .llm].flatMap { type in
    ["a", "b", "c"].flatMap { name in
      [AvahiTracker.Interface.eth0, .eth1].flatMap { interface in
        [Address.Family.ipv4, .ipv6].map { family in
          Place(instance: .plain(name, type), interface: interface, family: family)
        }
      }
    }
  }
  static let hosts = ["one.local", "two.local", "bad host"]
  static let addresses = ["10.0.0.1", "10.0.0.2", "fe80::1", "2001:db8::1"]

  var bench: TrackerBench
  private var dice: SeededGenerator
  private var there: Set<Place> = []
  private var isConnected = false
  /// How many actions have been looked at for browsers that were started.
  private var seen = 0

  init(seed: UInt64, maximum: Int) {
    dice = SeededGenerator(seed: seed)
    // Every other LAN is more than may be asked for at once.
    bench = TrackerBench(
      types: [.ollama, .llm], maximum: maximum,
      places: seed.isMultiple(of: 2) ? 2 : ResolverPace.places)
  }

  /// Each service that is there, with the port of its last word.
  var truth: [Sighting.ID: UInt16] {
    Dictionary(
      uniqueKeysWithValues: there.map { place in
        let id = Sighting.ID(
          identity: place.instance.fullName, interface: place.interface.name,
          family: place.family)
        return (id, port(of: place))
      })
  }

  mutating func step() {
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<2: disconnect()
    case 2..<5: connect()
    case 5..<30: announceOrWithdraw()
    case 30..<60: answer()
    case 60..<75: changeRecord()
    case 75..<78: listOne()
    case 78..<80: failBrowser()
    case 80..<83: failHost()
    case 83..<86: configureAnyhow()
    case 86..<92: bench.settle()
    case 92: send(.repeatAll)
    default: pass(.milliseconds(Int.random(in: 1...20_000, using: &dice)))
    }
  }

  mutating func connect() {
    guard !isConnected else { return }
    isConnected = true
    send(.connected)
  }

  mutating func configure(_ settings: AvahiTracker.Settings) {
    send(.configure(settings))
  }

  mutating func pass(_ duration: Duration) {
    bench.pass(duration)
    reportToNewBrowsers()
  }

  /// All browsers say that they reported all.
  mutating func list() {
    for type in bench.browsers.sorted() { send(.allForNow(type)) }
  }

  /// All services go.
  mutating func clear() {
    for place in Self.places where there.contains(place) { withdraw(place) }
  }

  /// All resolvers answer with their last word.
  mutating func answerAll() {
    for request in bench.resolvers.values.sorted(by: { $0.id.number < $1.id.number })
    where bench.resolvers[request.id] != nil {
      let place = Place(
        instance: request.instance, interface: request.interface, family: request.family)
      send(.resolved(request.id, resolution("last.local", port: port(of: place))))
    }
    bench.settle()
  }

  private mutating func send(_ input: AvahiTracker.Input) {
    bench.send(input)
    reportToNewBrowsers()
  }

  /// A browser that was started reports what is there.
  private mutating func reportToNewBrowsers() {
    while seen < bench.log.count {
      let action = bench.log[seen]
      seen += 1
      guard case .startBrowser(let type, let ipv6) = action, bench.browsers.contains(type) else {
        continue
      }
      for place in Self.places
      where there.contains(place) && place.instance.type == type && (ipv6 || place.family == .ipv4)
      {
        bench.send(.serviceNew(.at(place.instance, place.interface, place.family)))
      }
    }
  }

  private mutating func disconnect() {
    isConnected = false
    send(.disconnected(reason: "gone"))
  }

  private mutating func announceOrWithdraw() {
    guard let place = Self.places.randomElement(using: &dice) else { return }
    if there.contains(place), dice.chance(70) {
      withdraw(place)
    } else {
      there.insert(place)
      guard bench.browsers.contains(place.instance.type) else { return }
      send(.serviceNew(.at(place.instance, place.interface, place.family)))
    }
  }

  private mutating func withdraw(_ place: Place) {
    there.remove(place)
    guard bench.browsers.contains(place.instance.type) else { return }
    send(
      .serviceGone(place.instance, interfaceIndex: place.interface.index, family: place.family))
  }

  private mutating func answer() {
    let open = bench.resolvers.values.sorted { $0.id.number < $1.id.number }
    guard let request = open.randomElement(using: &dice) else { return }
    if dice.chance(30) {
      send(.resolverFailed(request.id))
      return
    }
    let address =
      request.lookup.contains(.address) ? Self.addresses.randomElement(using: &dice) : nil
    send(
      .resolved(
        request.id,
        resolution(
          Self.hosts.randomElement(using: &dice) ?? "",
          port: UInt16.random(in: 0...3, using: &dice), address: address)))
  }

  private mutating func changeRecord() {
    guard let host = bench.hosts.sorted().randomElement(using: &dice),
      let address = Self.addresses.randomElement(using: &dice)
    else { return }
    let entry = record(
      address, on: dice.chance(50) ? .eth0 : .eth1, over: dice.chance(50) ? .ipv4 : .ipv6)
    send(
      dice.chance(60) ? .hostRecordNew(host: host, entry) : .hostRecordGone(host: host, entry))
  }

  private mutating func listOne() {
    guard let type = bench.browsers.sorted().randomElement(using: &dice) else { return }
    send(.allForNow(type))
  }

  private mutating func failBrowser() {
    guard let type = bench.browsers.sorted().randomElement(using: &dice) else { return }
    send(.browserFailed(type))
  }

  private mutating func failHost() {
    guard let host = bench.hosts.sorted().randomElement(using: &dice) else { return }
    send(.hostBrowserFailed(host: host))
  }

  private mutating func configureAnyhow() {
    configure(
      AvahiTracker.Settings(
        serviceTypes: dice.chance(70) ? [.ollama, .llm] : [.llm],
        interfaces: dice.chance(70) ? [] : ["eth0"], ipv6: dice.chance(70)))
  }

  private func port(of place: Place) -> UInt16 {
    7000 + UInt16(Self.places.firstIndex(of: place) ?? 0)
  }
}
