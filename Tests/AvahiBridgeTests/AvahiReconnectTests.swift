import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct AvahiReconnectTests {
  private var reconnect = AvahiReconnect()
  private var now = Uptime(nanoseconds: 0)

  init() {
    reconnect.start(at: now)
  }

  /// Waits for the next attempt and says how long that took.
  private mutating func nextAttempt() -> Duration? {
    guard let deadline = reconnect.nextDeadline else { return nil }
    let wait = now.duration(to: deadline)
    now = max(now, deadline)
    return reconnect.tick(at: now) == .connect ? wait : nil
  }

  private mutating func fail(busAnswers: Bool = true, jitter: Double = 0) {
    reconnect.hasFailed(at: now, busAnswers: busAnswers, jitter: jitter)
  }

  @Test(
    "the first attempt is at once, two follow soon, then one in 5 to 6.5 seconds, bus or not",
    arguments: [true, false])
  mutating func backsOff(busAnswers: Bool) {
    var waits: [Duration?] = []
    for attempt in 0..<6 {
      waits.append(nextAttempt())
      fail(busAnswers: busAnswers, jitter: attempt < 5 ? 0 : 1)
    }
    #expect(
      waits == [.zero, .milliseconds(200), .seconds(2), .seconds(5), .seconds(5), .seconds(5)])
    #expect(nextAttempt() == .milliseconds(6500))
  }

  @Test("a daemon that ran for 30 seconds is sought again at once, one that did not is spared")
  mutating func stability() {
    for _ in 0..<6 {
      _ = nextAttempt()
      fail()
    }
    _ = nextAttempt()
    reconnect.isRunning(at: now)
    #expect(reconnect.nextDeadline == nil)
    now = now.advanced(by: .seconds(1))
    fail()
    #expect(nextAttempt() == .seconds(4))
    reconnect.isRunning(at: now)
    now = now.advanced(by: .seconds(30))
    fail()
    #expect(nextAttempt() == .milliseconds(200))
  }

  @Test(
    "a client that waits for 30 seconds is made anew, and after 5 for a daemon that hangs",
    arguments: [(false, .seconds(30)), (true, .seconds(5))] as [(Bool, Duration)])
  mutating func connecting(daemonHangs: Bool, patience: Duration) {
    _ = nextAttempt()
    for _ in 0..<2 {
      reconnect.isConnecting(at: now, daemonHangs: daemonHangs)
      #expect(nextAttempt() == patience)
    }
  }

  @Test("a bus that appears is tried at once, then each 100 ms until somebody listens there")
  mutating func busAppears() {
    for _ in 0..<5 {
      _ = nextAttempt()
      fail(busAnswers: false)
    }
    now = now.advanced(by: .seconds(1))
    reconnect.busAppeared(at: now)
    #expect(nextAttempt() == .zero)
    for _ in 0..<20 {
      fail(busAnswers: false)
      #expect(nextAttempt() == .milliseconds(100))
    }
    fail(busAnswers: false)
    #expect(nextAttempt() == .seconds(5))
  }

  @Test("a bus that answers, but has no daemon to offer, is not pressed")
  mutating func busWithoutDaemon() {
    _ = nextAttempt()
    fail(busAnswers: false)
    reconnect.busAppeared(at: now)
    #expect(nextAttempt() == .zero)
    fail()
    #expect(nextAttempt() == .milliseconds(200))
    fail()
    #expect(nextAttempt() == .seconds(2))
    fail()
    reconnect.busAppeared(at: now)
    #expect(nextAttempt() == .seconds(5))
  }

  @Test("once stopped it never tries again")
  mutating func stopped() {
    reconnect.stop()
    reconnect.busAppeared(at: now)
    #expect(reconnect.nextDeadline == nil)
    #expect(reconnect.tick(at: now.advanced(by: .seconds(100))) == nil)
  }

  @Test("whatever happens, after three attempts the bus is asked for the daemon once in 5 seconds")
  func neverTooOften() {
    for seed in UInt64(1)...500 {
      var life = RandomLife(seed: seed)
      for step in 0..<200 {
        life.step()
        guard life.fault == nil else {
          Issue.record("seed \(seed), step \(step): \(life.fault ?? "")")
          break
        }
      }
    }
  }
}

/// A bus and a daemon that come, hang and go as they please.
private struct RandomLife {
  private var reconnect = AvahiReconnect()
  private var now = Uptime(nanoseconds: 1_000_000_000)
  private var dice: SeededGenerator
  /// Attempts that reached the bus, since the daemon last ran for 30 seconds.
  private var attempts: [Uptime] = []
  private var runningSince: Uptime?
  private(set) var fault: String?

  init(seed: UInt64) {
    dice = SeededGenerator(seed: seed)
    reconnect.start(at: now)
  }

  mutating func step() {
    switch Int.random(in: 0..<10, using: &dice) {
    case 0: reconnect.busAppeared(at: now)
    case 1, 2: now = now.advanced(by: .milliseconds(Int.random(in: 0...40_000, using: &dice)))
    case 3, 4: if runningSince != nil { lose() }
    default: attempt()
    }
  }

  private mutating func lose() {
    if let since = runningSince, since.duration(to: now) >= .seconds(30) { attempts = [] }
    runningSince = nil
    fail(busAnswers: dice.chance(50))
  }

  private mutating func fail(busAnswers: Bool) {
    reconnect.hasFailed(
      at: now, busAnswers: busAnswers, jitter: Double.random(in: 0..<1, using: &dice))
    if reconnect.nextDeadline == nil { fault = "it has given up" }
  }

  /// Waits for the next attempt, unless it runs, and makes it.
  private mutating func attempt() {
    guard let deadline = reconnect.nextDeadline else {
      if runningSince == nil { fault = "it rests" }
      return
    }
    if deadline > now { now = deadline }
    guard reconnect.tick(at: now) == .connect else {
      fault = "it does nothing at its deadline"
      return
    }
    guard dice.chance(70) else { return fail(busAnswers: false) }
    if attempts.count >= 3, let last = attempts.last, last.duration(to: now) < .seconds(5) {
      fault = "attempt \(attempts.count + 1) came after \(last.duration(to: now))"
    }
    attempts.append(now)
    switch Int.random(in: 0..<4, using: &dice) {
    case 0: fail(busAnswers: true)
    case 1: reconnect.isConnecting(at: now, daemonHangs: dice.chance(50))
    default:
      reconnect.isRunning(at: now)
      runningSince = now
    }
  }
}
