import AvahiBridge
import DiscoveryCore
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

  @Test("the first attempt is at once, three follow soon, then one in 5 to 6.5 seconds")
  mutating func backsOff() {
    var waits: [Duration?] = []
    for attempt in 0..<7 {
      waits.append(nextAttempt())
      reconnect.hasFailed(at: now, jitter: attempt < 6 ? 0 : 1)
    }
    #expect(
      waits == [
        .zero, .milliseconds(200), .seconds(1), .seconds(2), .seconds(5), .seconds(5), .seconds(5),
      ])
    #expect(nextAttempt() == .milliseconds(6500))
  }

  @Test("a daemon that ran for 30 seconds is sought again at once, one that did not is spared")
  mutating func stability() {
    for _ in 0..<6 {
      _ = nextAttempt()
      reconnect.hasFailed(at: now, jitter: 0)
    }
    _ = nextAttempt()
    reconnect.isRunning(at: now)
    #expect(reconnect.nextDeadline == nil)
    now = now.advanced(by: .seconds(1))
    reconnect.hasFailed(at: now, jitter: 0)
    #expect(nextAttempt() == .seconds(4))
    reconnect.isRunning(at: now)
    now = now.advanced(by: .seconds(30))
    reconnect.hasFailed(at: now, jitter: 0)
    #expect(nextAttempt() == .milliseconds(200))
  }

  @Test("a client that waits for 30 seconds is made anew")
  mutating func connecting() {
    _ = nextAttempt()
    reconnect.isConnecting(at: now)
    #expect(nextAttempt() == .seconds(30))
    reconnect.isConnecting(at: now)
    #expect(nextAttempt() == .seconds(30))
  }

  @Test("a bus that appears is tried at once, then each 100 ms for two seconds")
  mutating func busAppears() {
    for _ in 0..<5 {
      _ = nextAttempt()
      reconnect.hasFailed(at: now, jitter: 0)
    }
    now = now.advanced(by: .seconds(1))
    reconnect.busAppeared(at: now)
    #expect(nextAttempt() == .zero)
    for _ in 0..<20 {
      reconnect.hasFailed(at: now, jitter: 0)
      #expect(nextAttempt() == .milliseconds(100))
    }
    reconnect.hasFailed(at: now, jitter: 0)
    #expect(nextAttempt() == .seconds(5))
  }

  @Test("once stopped it never tries again")
  mutating func stopped() {
    reconnect.stop()
    reconnect.busAppeared(at: now)
    #expect(reconnect.nextDeadline == nil)
    #expect(reconnect.tick(at: now.advanced(by: .seconds(100))) == nil)
  }
}
