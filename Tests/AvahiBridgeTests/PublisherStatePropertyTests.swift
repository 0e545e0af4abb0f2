import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct PublisherStatePropertyTests {
  @Test("whatever happened, what is on the air is what is wanted, and what is told is true")
  func anyOrder() {
    for seed in UInt64(1)...400 {
      var run = RandomPublisher(seed: seed)
      for step in 0..<150 {
        run.step()
        guard run.bench.faults.isEmpty else {
          Issue.record("seed \(seed), step \(step): \(run.bench.faults)")
          return
        }
      }
      run.settle()
      #expect(run.bench.faults == [], "seed \(seed)")
      let published = Set(run.bench.groups.values.filter(\.isEstablished).compactMap(\.service))
      #expect(published == Set(run.wanted), "seed \(seed)")
      #expect(run.bench.groups.count == run.wanted.count, "seed \(seed)")
      #expect(Set(run.bench.onAir.keys) == Set(run.wanted.map(\.id)), "seed \(seed)")
      for (id, group) in run.bench.groups {
        #expect(run.bench.onAir[id] == group.instance, "seed \(seed)")
      }
      #expect(run.bench.state.nextDeadline == nil, "seed \(seed)")
      run.bench.send(.stop)
      #expect(run.bench.groups.isEmpty && run.bench.onAir.isEmpty, "seed \(seed)")
    }
  }
}

/// Lists, neighbours, host names and outages, told to a publisher in a random order.
private struct RandomPublisher {
  let bench = PublisherBench()
  private(set) var wanted: [AnnouncedService] = []
  private var dice: SeededGenerator

  private static let names = ["%h", "alpha", "omega", "a", "b"]
  private static let neighbours = ["alpha", "alpha #2", "a", "a #2", "b", "omega"]

  init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

  mutating func step() {
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<30: want()
    case 30..<55: probeOne()
    case 55..<63: changeNeighbours()
    case 63..<68: collide()
    case 68..<72: fail()
    case 72..<77: bench.send(.disconnected(reason: "gone \(Int.random(in: 0...1, using: &dice))"))
    case 77..<81: bench.send(.settling)
    case 81..<88: bench.send(.running(host: dice.chance(50) ? "alpha" : "omega"))
    case 88..<92: changeObstacle()
    default: bench.pass(.milliseconds(Int.random(in: 1...30_000, using: &dice)))
    }
  }

  /// All is well for a while.
  mutating func settle() {
    bench.obstacle = nil
    bench.takenHere = []
    bench.takenElsewhere = []
    if bench.state.isForbidden || !bench.isConnected { bench.send(.disconnected(reason: "gone")) }
    bench.send(.running(host: "omega"))
    for _ in 0..<3 {
      bench.pass(.seconds(61))
      bench.probe()
    }
  }

  private mutating func want() {
    var services: [AnnouncedService] = []
    for name in Self.names where dice.chance(50) {
      for type in ["_ollama._tcp", "_llm._tcp"] where dice.chance(50) {
        services.append(
          .of(
            name, type, port: UInt16.random(in: 1...2, using: &dice),
            txt: ["v": "\(Int.random(in: 1...2, using: &dice))"]))
      }
    }
    if dice.chance(30) { services.shuffle(using: &dice) }
    wanted = services
    bench.send(.wanted(services))
  }

  private mutating func probeOne() {
    let open = bench.groups.filter { $0.value.service != nil && !$0.value.isEstablished }
    guard let id = open.keys.sorted().randomElement(using: &dice) else { return }
    bench.probe(id)
  }

  private mutating func changeNeighbours() {
    bench.takenElsewhere = Set(Self.neighbours.filter { _ in dice.chance(30) })
    bench.takenHere = Set(Self.neighbours.filter { _ in dice.chance(10) })
  }

  private mutating func collide() {
    let there = bench.groups.filter { $0.value.service != nil }.keys.sorted()
    guard let id = there.randomElement(using: &dice) else { return }
    bench.send(.group(id, .collision))
  }

  private mutating func fail() {
    let there = bench.groups.filter { $0.value.service != nil }.keys.sorted()
    guard let id = there.randomElement(using: &dice) else { return }
    bench.send(.group(id, .failure(reason: "broken")))
  }

  private mutating func changeObstacle() {
    switch Int.random(in: 0..<4, using: &dice) {
    case 0:
      // avahi-daemon reads its configuration as it starts.
      bench.send(.disconnected(reason: "restart"))
      bench.obstacle = .notPermitted(reason: "forbidden")
    case 1 where !bench.state.isForbidden: bench.obstacle = .other(reason: "no room")
    default:
      if bench.state.isForbidden { bench.send(.disconnected(reason: "restart")) }
      bench.obstacle = nil
    }
  }
}
