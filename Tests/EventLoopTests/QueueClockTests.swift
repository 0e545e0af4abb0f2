import Dispatch
import DiscoveryCore
import Glibc
import Testing

@testable import EventLoop

@Suite("A clock that timers share", .timeLimit(.minutes(5)))
struct QueueClockTests {
  /// Several timers on one clock, and a stream of their numbers as they fire.
  private actor Timers {
    let executor = QueueExecutor(label: "shared")
    nonisolated let firings: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation
    private let clock: QueueClock
    private var timers: [Int: QueueTimer] = [:]
    /// What a timer does to others when it fires.
    private var deeds: [Int: @Sendable (isolated Timers) -> Void] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      executor.asUnownedSerialExecutor()
    }

    init() {
      clock = QueueClock(queue: executor.queue)
      (firings, continuation) = AsyncStream.makeStream()
    }

    func fire(_ number: Int, after delay: Duration) {
      let timer =
        timers[number]
        ?? QueueTimer(clock: clock) { [weak self] in
          self?.assumeIsolated { $0.fired(number) }
        }
      timers[number] = timer
      timer.fire(after: delay)
    }

    /// Sets one for each; when each is due, as well as can be told from outside.
    @discardableResult
    func fireAll(_ delays: [Duration]) -> [ClosedRange<Uptime>] {
      delays.enumerated().map { number, delay in
        let before = SystemClock().now().uptime
        fire(number, after: delay)
        return before.advanced(by: delay)...SystemClock().now().uptime.advanced(by: delay)
      }
    }

    /// Sets both, and keeps the queue busy until both are due.
    func fireTogether(_ first: Int, _ second: Int) {
      fire(first, after: .milliseconds(1))
      fire(second, after: .milliseconds(2))
      let isOver = DispatchSemaphore(value: 0)
      let witness = QueueTimer(queue: DispatchQueue(label: "witness")) { isOver.signal() }
      witness.fire(after: .milliseconds(10))
      isOver.wait()
      withExtendedLifetime(witness) {}
    }

    func has(_ number: Int, do deed: @escaping @Sendable (isolated Timers) -> Void) {
      deeds[number] = deed
    }

    func rest(_ number: Int) { timers[number]?.rest() }

    func release(_ number: Int) { timers[number] = nil }

    private func fired(_ number: Int) {
      continuation.yield(number)
      deeds[number]?(self)
    }
  }

  @Test("each fires in its turn, whatever the order in which they were set")
  func order() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    let delays: [Duration] = [30, 10, 50, 20, 40, 10].map { .milliseconds($0) }
    let due = await timers.fireAll(delays)
    var order: [Int] = []
    while order.count < delays.count, let next = await firings.next() { order.append(next) }
    #expect(order.sorted() == [0, 1, 2, 3, 4, 5])
    // It is [1, 5, 3, 0, 4, 2], unless the machine was busy while they were set.
    for (place, one) in order.enumerated() {
      for later in order[place...] {
        #expect(due[one].lowerBound <= due[later].upperBound, "\(order)")
      }
    }
  }

  @Test("one that is put to rest, set anew or released by another does not fire, though it was due")
  func restedByAnother() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    for deed: @Sendable (isolated Timers) -> Void in [
      { $0.rest(1) }, { $0.release(1) }, { $0.fire(1, after: .seconds(3600)) },
    ] {
      await timers.has(0, do: deed)
      await timers.fireTogether(0, 1)
      #expect(await firings.next() == 0)
      await timers.fire(2, after: .milliseconds(20))
      #expect(await firings.next() == 2)
    }
  }

  @Test("a timer that sets itself as it fires fires again, and keeps nobody else waiting")
  func again() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    await timers.has(0) { $0.fire(0, after: .zero) }
    await timers.fireAll([.zero, .milliseconds(20)])
    while let next = await firings.next(), next == 0 {}
    await timers.rest(0)
  }

  @Test("deadlines a few milliseconds ahead are never missed, however often they are set anew")
  func neverMissed() async {
    let timers = Timers()
    var firings = timers.firings.makeAsyncIterator()
    for round in 0..<100 {
      await timers.fire(0, after: .seconds(3600))
      await timers.fire(1, after: .microseconds(round * 30))
      #expect(await firings.next() == 1)
    }
  }

  @Test("a clock keeps no descriptor when it is gone")
  func descriptors() async {
    let queue = DispatchQueue(label: "closing")
    func open() -> Int { (3..<1024).count { fcntl($0, F_GETFD) >= 0 } }
    // All that others open at the same time is far less than this.
    let before = open()
    for _ in 0..<300 { QueueTimer(queue: queue) {}.fire(after: .seconds(3600)) }
    await withCheckedContinuation { done in queue.async { done.resume() } }
    while open() > before + 150 { await Task.yield() }
  }
}
