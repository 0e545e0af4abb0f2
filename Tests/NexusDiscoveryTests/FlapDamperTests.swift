import DiscoveryTestKit
import Testing
import nexus_discovery

@testable import DiscoveryCore

/// A registry whose changes go through a damper, with a clock that the test moves.
struct DampedRegistry {
  private(set) var state: RegistryState
  private(set) var damper = FlapDamper()
  private(set) var now = Moment.testStart
  /// The changes of each backend's presence, that a log without a damper would tell.
  private(set) var turns = 0
  /// All lines, with their times.
  private(set) var log: [(at: Uptime, line: FlapDamper.Line)] = []

  init(grace: Duration = .seconds(60)) {
    var settings = RegistryState.Settings()
    settings.gracePeriod = grace
    state = RegistryState(settings: settings, network: .oneInterface)
  }

  mutating func find(_ sighting: Sighting) -> [FlapDamper.Line] {
    take(state.apply(.serviceFound(sighting), from: .mdns, at: now).changes)
  }

  mutating func lose(_ sighting: Sighting) -> [FlapDamper.Line] {
    take(state.apply(.serviceRemoved(sighting.id), from: .mdns, at: now).changes)
  }

  /// Lets time pass, and wakes registry and damper when they are due, or the damper not at all.
  mutating func wait(_ duration: Duration, isDamperWoken: Bool = true) -> [FlapDamper.Line] {
    let end = now.advanced(by: duration)
    var lines: [FlapDamper.Line] = []
    while true {
      let deadlines = [state.nextDeadline, isDamperWoken ? damper.nextDeadline : nil]
      guard let due = deadlines.compactMap({ $0 }).min(), due <= end.uptime else { break }
      now = now.advanced(by: now.uptime.duration(to: max(due, now.uptime)))
      if isDamperWoken { lines += note(damper.tick(at: now.uptime)) }
      lines += take(state.expire(at: now).changes)
    }
    now = end
    return lines
  }

  mutating func finish() -> [FlapDamper.Line] { damper.finish(at: now.uptime) }

  private mutating func take(_ changes: [RegistryChange]) -> [FlapDamper.Line] {
    turns += changes.count { $0.kind == .disappeared || $0.kind == .reappeared }
    return note(changes.flatMap { damper.take($0, at: now.uptime) })
  }

  private mutating func note(_ lines: [FlapDamper.Line]) -> [FlapDamper.Line] {
    log += lines.map { (now.uptime, $0) }
    return lines
  }
}

@Suite("Flap damping in the log")
struct FlapDamperTests {
  private let box = Sighting.mdns("box")

  private func kinds(_ lines: [FlapDamper.Line]) -> [String] {
    lines.map { line in
      let count = line.flaps.map { " \($0.downs)/\($0.ups)" } ?? ""
      return line.change.kind.rawValue + count
    }
  }

  @Test("the first disappearance and return are logged at once, and cost nothing after 10 s")
  func onePair() {
    var bench = DampedRegistry()
    #expect(kinds(bench.find(box)) == ["added"])
    #expect(bench.damper.nextDeadline == nil)
    #expect(kinds(bench.lose(box)) == ["disappeared"])
    #expect(bench.damper.nextDeadline == bench.now.uptime.advanced(by: .seconds(10)))
    #expect(kinds(bench.wait(.seconds(3))) == [])
    #expect(kinds(bench.find(box)) == ["reappeared"])
    #expect(kinds(bench.wait(.seconds(7))) == [])
    #expect(bench.damper.count == 0)
    #expect(bench.damper.nextDeadline == nil)
  }

  @Test(
    "one that flaps each second is a pair, then a line each 10 s that counts and tells the truth")
  func flapping() {
    var bench = DampedRegistry()
    _ = bench.find(box)
    var lines: [String] = []
    for _ in 0..<12 {
      lines += kinds(bench.lose(box) + bench.wait(.seconds(1)))
      lines += kinds(bench.find(box) + bench.wait(.seconds(1)))
    }
    // After 10 and 20 s it has just come.
    #expect(lines == ["disappeared", "reappeared", "reappeared 4/4", "reappeared 5/5"])
    lines = kinds(bench.lose(box) + bench.wait(.seconds(20)))
    #expect(lines == ["disappeared 3/2"])
    #expect(bench.damper.count == 0)
  }

  @Test("one change that was withheld is told as it is, late")
  func single() {
    var bench = DampedRegistry()
    _ = bench.find(box)
    _ = bench.lose(box)
    _ = bench.find(box)
    #expect(kinds(bench.lose(box)) == [])
    let late = bench.wait(.seconds(10))
    #expect(kinds(late) == ["disappeared"])
    #expect(late.first?.change.backend.expiresAt != nil)
    #expect(kinds(bench.wait(.seconds(10))) == [])
    #expect(bench.damper.count == 0)
  }

  @Test("a removal is told at once, with what was withheld")
  func removal() {
    var bench = DampedRegistry(grace: .seconds(2))
    _ = bench.find(box)
    for _ in 0..<3 {
      _ = bench.lose(box)
      _ = bench.find(box)
    }
    _ = bench.lose(box)
    let lines = bench.wait(.seconds(2))
    #expect(kinds(lines) == ["removed 3/2"])
    #expect(lines.first?.flaps?.duration == .seconds(2))
    #expect(bench.damper.count == 0)
    #expect(bench.damper.nextDeadline == nil)
  }

  @Test("what comes and goes with a flap is not told apart, but what is other than before is")
  func updates() {
    let second = Sighting.mdns("box", at: ["fe80::5%eth0"], family: .ipv6)
    var bench = DampedRegistry()
    _ = bench.find(box)
    #expect(kinds(bench.find(second)) == ["updated"])
    #expect(kinds(bench.lose(second)) == ["updated"])
    _ = bench.find(second)
    #expect(kinds(bench.lose(second) + bench.lose(box)) == ["updated", "disappeared"])
    #expect(kinds(bench.find(box) + bench.find(second)) == ["reappeared"])
    // The backend had one address when it disappeared, so that it has two is news.
    let late = bench.wait(.seconds(10))
    #expect(kinds(late) == ["updated"])
    #expect(late.first?.change.previous?.addresses.count == 1)
    #expect(late.first?.change.backend.addresses.count == 2)

    _ = bench.lose(box)
    _ = bench.lose(second)
    _ = bench.find(second)
    #expect(kinds(bench.find(.mdns("box", port: 1))) == [])
    #expect(kinds(bench.wait(.seconds(10))) == ["updated"])
    _ = bench.lose(.mdns("box", port: 1))
    #expect(kinds(bench.find(box)) == ["updated"])
  }

  @Test("a window that nobody ended in time ends with the next change")
  func lateWaking() {
    var bench = DampedRegistry()
    _ = bench.find(box)
    for _ in 0..<4 {
      _ = bench.lose(box)
      _ = bench.find(box)
    }
    #expect(kinds(bench.wait(.seconds(15), isDamperWoken: false)) == [])
    #expect(kinds(bench.lose(box)) == ["reappeared 3/3"])
    #expect(bench.damper.nextDeadline == bench.now.uptime.advanced(by: .seconds(10)))
    #expect(kinds(bench.finish()) == ["disappeared"])
    #expect(bench.damper.count == 0)
  }

  @Test(
    "whatever happens: a pair per 10 s, counts that add up, the truth at last", arguments: 0..<40)
  func property(seed: Int) {
    var run = DampedRun(seed: UInt64(seed))
    for _ in 0..<400 { run.step() }
    run.quiet()
    for fault in run.faults() { Issue.record("seed \(seed): \(fault)") }
  }
}

/// A seeded run of a few servers that come and go, and what was logged of it.
private struct DampedRun {
  private typealias Logged = (at: Uptime, line: FlapDamper.Line)

  private var random: SeededGenerator
  private var bench: DampedRegistry

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    bench = DampedRegistry(grace: .seconds(Int.random(in: 1...15, using: &random)))
  }

  mutating func step() {
    let longest = random.chance(10) ? 20_000 : 1500
    let pause = Duration.milliseconds(Int.random(in: 0...longest, using: &random))
    _ = bench.wait(pause, isDamperWoken: !random.chance(10))
    let number = Int.random(in: 0..<3, using: &random)
    let family: Address.Family = random.chance(30) ? .ipv6 : .ipv4
    let sighting = Sighting.mdns(
      "s\(number)", port: random.chance(5) ? 2 : 1,
      at: [family == .ipv4 ? "10.0.0.\(number + 2)" : "fe80::\(number + 2)%eth0"],
      host: "s\(number).local", family: family)
    _ = random.chance(50) ? bench.find(sighting) : bench.lose(sighting)
  }

  /// Lets all windows end.
  mutating func quiet() { _ = bench.wait(.seconds(25)) }

  func faults() -> [String] {
    var faults: [String] = []
    if bench.damper.count != 0 || bench.damper.nextDeadline != nil {
      faults.append("\(bench.damper.count) windows are left")
    }
    let told = bench.log.reduce(0) { sum, logged in
      let own = Self.isTurn(logged) ? 1 : 0
      return sum + (logged.line.flaps?.total ?? own)
    }
    if told != bench.turns { faults.append("\(told) turns are told of \(bench.turns)") }
    let present = bench.state.snapshot().backends
    for (id, lines) in Dictionary(grouping: bench.log, by: { $0.line.change.backend.id }) {
      faults += Self.crowds(in: lines).map { "\($0) of \(id)" }
      let last = lines.last { $0.line.change.kind != .updated }?.line.change
      let backend = present.first { $0.id == id }
      let isRight =
        switch last?.kind {
        case .added?, .reappeared?: backend.map { $0.expiresAt == nil } ?? false
        case .disappeared?: backend.map { $0.expiresAt != nil } ?? false
        default: backend == nil
        }
      if !isRight { faults.append("\(id) was last told as \(String(describing: last?.kind))") }
      if let backend, backend.url != lines.last?.line.change.backend.url {
        faults.append("\(id) has another URL than was told")
      }
    }
    return faults
  }

  private static func isTurn(_ logged: Logged) -> Bool {
    logged.line.change.kind == .disappeared || logged.line.change.kind == .reappeared
  }

  /// More than a pair within 10 s of its first line.
  private static func crowds(in lines: [Logged]) -> [String] {
    var faults: [String] = []
    var start: Uptime?
    var kinds: Set<RegistryChange.Kind> = []
    for logged in lines {
      if logged.line.change.kind == .removed { start = nil }
      guard isTurn(logged) else { continue }
      if let begun = start, begun.duration(to: logged.at) < .seconds(10) {
        if !kinds.insert(logged.line.change.kind).inserted || logged.line.flaps != nil {
          faults.append("a second \(logged.line.change.kind.rawValue)")
        }
      } else {
        (start, kinds) = (logged.at, [logged.line.change.kind])
        if logged.line.flaps != nil { kinds = [.disappeared, .reappeared] }
      }
    }
    return faults
  }
}
