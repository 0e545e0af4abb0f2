import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct ProbeSlotsTests {
  private static let start = Moment.testStart.uptime

  private func id(_ name: String) -> BackendID { BackendID(of: name, in: .dns) }

  private func endpoint(_ host: String) -> Endpoint {
    Endpoint(scheme: .http, host: host, port: 1)
  }

  private func at(_ milliseconds: Int) -> Uptime {
    Self.start.advanced(by: .milliseconds(milliseconds))
  }

  @Test("no more run at once than there are places, first come first")
  func capacity() {
    var slots = ProbeSlots(capacity: 2, patience: .seconds(1))
    for name in ["a", "b", "c"] {
      slots.wait(id(name), in: .prompt, at: endpoint(name), since: Self.start)
    }
    #expect(slots.take(at: Self.start) == id("a"))
    #expect(slots.take(at: Self.start) == id("b"))
    #expect(slots.take(at: Self.start) == nil)
    slots.leave(id("a"))
    #expect(slots.take(at: Self.start) == id("c"))
    #expect(slots.runningCount == 2)
  }

  @Test("one server is asked one thing at a time")
  func oneAtATime() {
    var slots = ProbeSlots(capacity: 8, patience: .seconds(1))
    for name in ["a", "b", "c"] {
      slots.wait(id(name), in: .prompt, at: endpoint("same"), since: Self.start)
    }
    slots.wait(id("d"), in: .prompt, at: endpoint("other"), since: Self.start)
    #expect(slots.take(at: Self.start) == id("a"))
    #expect(slots.take(at: Self.start) == id("d"))
    #expect(slots.take(at: Self.start) == nil)
    slots.leave(id("b"))
    slots.leave(id("a"))
    #expect(slots.take(at: Self.start) == id("c"))
    #expect(slots.take(at: Self.start) == nil)
  }

  @Test("the slow have half of the places, and at least one")
  func lanes() {
    var slots = ProbeSlots(capacity: 4, patience: .seconds(1))
    for name in ["h1", "h2", "h3", "h4"] {
      slots.wait(id(name), in: .hanging, at: endpoint(name), since: Self.start)
    }
    slots.wait(id("s"), in: .slow, at: endpoint("s"), since: at(1))
    for name in ["p1", "p2", "p3", "p4", "p5"] {
      slots.wait(id(name), in: .prompt, at: endpoint(name), since: at(2))
    }
    let taken = (0..<4).compactMap { _ in slots.take(at: at(3)) }
    #expect(taken == ["s", "p1", "p2", "p3"].map(id))
    for name in ["p1", "p2", "p3"] { slots.leave(id(name)) }
    let rest = (0..<4).compactMap { _ in slots.take(at: at(3)) }
    #expect(rest == ["p4", "p5", "h1"].map(id))
    slots.leave(id("p4"))
    #expect(slots.take(at: at(3)) == nil)
  }

  @Test("who takes long makes room for the prompt that wait, and only then")
  func preemption() {
    var slots = ProbeSlots(capacity: 1, patience: .seconds(1))
    slots.wait(id("a"), in: .prompt, at: endpoint("a"), since: Self.start)
    #expect(slots.take(at: Self.start) == id("a"))
    #expect(slots.nextPreemption == nil)
    #expect(slots.overdue(at: at(5000)) == nil)
    slots.wait(id("b"), in: .hanging, at: endpoint("b"), since: Self.start)
    #expect(slots.overdue(at: at(5000)) == nil)
    slots.wait(id("c"), in: .prompt, at: endpoint("c"), since: Self.start)
    #expect(slots.nextPreemption == at(1000))
    #expect(slots.overdue(at: at(999)) == nil)
    #expect(slots.overdue(at: at(1000)) == id("a"))
    slots.leave(id("a"))
    #expect(slots.take(at: at(1000)) == id("c"))
  }

  @Test("whatever is asked, no one waits twice, runs twice or is forgotten", arguments: 0..<40)
  func randomOrders(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var slots = ProbeSlots(capacity: Int.random(in: 1...4, using: &random), patience: .seconds(1))
    let all = (0..<12).map { id("b\($0)") }
    var waiting: Set<BackendID> = []
    var running: [BackendID: Endpoint] = [:]
    var endpoints: [BackendID: Endpoint] = [:]
    for step in 0..<600 {
      let now = at(step * 100)
      guard let one = all.randomElement(using: &random) else { return }
      if running[one] == nil, !waiting.contains(one), random.chance(60) {
        let lane = ProbeSlots.Lane.allCases.randomElement(using: &random) ?? .prompt
        let where_ = endpoint("e\(Int.random(in: 0..<6, using: &random))")
        slots.wait(one, in: lane, at: where_, since: now)
        endpoints[one] = where_
        waiting.insert(one)
      } else if random.chance(50) {
        slots.leave(one)
        waiting.remove(one)
        running[one] = nil
      }
      while let next = slots.take(at: now) {
        #expect(waiting.remove(next) != nil, "seed \(seed)")
        let where_ = endpoints[next]
        #expect(!running.values.contains { $0 == where_ }, "seed \(seed): one at a time")
        running[next] = where_
      }
      if let overdue = slots.overdue(at: now) {
        #expect(running[overdue] != nil, "seed \(seed)")
      }
      #expect(slots.runningCount == running.count, "seed \(seed)")
      #expect(running.count <= slots.capacity, "seed \(seed)")
    }
    // Nobody waits for ever.
    for round in 0..<200 {
      for one in running.keys { slots.leave(one) }
      running = [:]
      while let next = slots.take(at: at(100_000 + round)) {
        waiting.remove(next)
        running[next] = endpoints[next]
      }
    }
    #expect(waiting.isEmpty, "seed \(seed)")
  }
}
