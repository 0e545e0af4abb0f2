import Dispatch
import DiscoveryCore
import EventLoop
import Glibc
import Testing

@Suite("A timer on a queue", .timeLimit(.minutes(5)))
struct QueueTimerTests {
  /// Two timers on one queue, and a stream of which of them fired when.
  private actor Timers {
    enum Name { case watched, other }

    let executor = QueueExecutor(label: "timers")
    nonisolated let firings: AsyncStream<(Name, Uptime)>
    private let continuation: AsyncStream<(Name, Uptime)>.Continuation
    private var timers: [Name: QueueTimer] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      executor.asUnownedSerialExecutor()
    }

    init() {
      (firings, continuation) = AsyncStream.makeStream()
    }

    /// Sets the timer; returns when that was.
    @discardableResult
    func fire(_ name: Name, after delay: Duration) -> Uptime {
      let now = SystemClock().now().uptime
      let timer =
        timers[name]
        ?? QueueTimer(queue: executor.queue) { [continuation] in
          continuation.yield((name, SystemClock().now().uptime))
        }
      timers[name] = timer
      timer.fire(after: delay)
      return now
    }

    /// Sets the timer and releases it, before the queue can have let it fire.
    func fireAndRelease(_ name: Name, after delay: Duration) {
      fire(name, after: delay)
      timers[name] = nil
    }

    /// Keeps the queue busy until well after the timer was due, then lets it rest.
    func restTooLate(_ name: Name) {
      fire(name, after: .milliseconds(1))
      let isOver = DispatchSemaphore(value: 0)
      let witness = QueueTimer(queue: DispatchQueue(label: "witness")) { isOver.signal() }
      witness.fire(after: .milliseconds(10))
      isOver.wait()
      withExtendedLifetime(witness) { timers[name]?.rest() }
    }
  }

  @Test(
    "it fires once, not before its time",
    arguments: [Duration.milliseconds(20), .milliseconds(1), .zero, .seconds(-5)])
  func once(delay: Duration) async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    let start = await timers.fire(.watched, after: delay)
    let first = await firings.next()
    #expect(first?.0 == .watched)
    #expect(first.map { start.duration(to: $0.1) >= delay } == true)
    await timers.fire(.other, after: .milliseconds(20))
    #expect(await firings.next()?.0 == .other)
  }

  @Test("it can be set again, from its own past or before it fired")
  func setAgain() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    await timers.fire(.watched, after: .seconds(3600))
    let start = await timers.fire(.watched, after: .milliseconds(5))
    let first = await firings.next()
    #expect(first.map { start.duration(to: $0.1) < .seconds(60) } == true)
    await timers.fire(.watched, after: .milliseconds(5))
    #expect(await firings.next()?.0 == .watched)
  }

  @Test("a timer that was put to rest after its time had come does not fire")
  func rest() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    await timers.restTooLate(.watched)
    await timers.fire(.other, after: .milliseconds(30))
    #expect(await firings.next()?.0 == .other)
    await timers.fire(.watched, after: .milliseconds(1))
    #expect(await firings.next()?.0 == .watched)
  }

  @Test(
    "a time without end is no time at all",
    arguments: [Duration.seconds(Int64.max), .seconds(400 * 86_400)])
  func endless(delay: Duration) async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    await timers.fire(.watched, after: delay)
    await timers.fire(.other, after: .milliseconds(20))
    #expect(await firings.next()?.0 == .other)
  }

  @Test("a released timer does not fire")
  func released() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    await timers.fireAndRelease(.watched, after: .milliseconds(5))
    await timers.fire(.other, after: .milliseconds(30))
    #expect(await firings.next()?.0 == .other)
  }
}
