import DiscoveryCore
import EventLoop
import Glibc
import Testing

@Suite("The machine's clocks")
struct SystemClockTests {
  private let clock = SystemClock()

  @Test("the readings are those of the machine")
  func readings() {
    let wall = Int64(time(nil))
    let before = ContinuousClock.now
    let first = clock.now()
    let second = clock.now()
    let elapsed = ContinuousClock.now - before
    // It shows the time at the last tick, which may be the second before.
    let wallLater = Int64(time(nil)) + 1
    #expect(first.uptime <= second.uptime)
    #expect(first.uptime.duration(to: second.uptime) <= elapsed)
    #expect((wall...wallLater).contains(first.wall.milliseconds / 1000))
  }

  @Test("a sleep ends at its deadline, never before", arguments: [1, 3, 10, 30])
  func sleeps(milliseconds: Int) async throws {
    for _ in 0..<5 {
      let deadline = clock.now().uptime.advanced(by: .milliseconds(milliseconds))
      try await clock.sleep(until: deadline)
      #expect(clock.now().uptime >= deadline)
    }
  }

  @Test("a deadline that has passed is no sleep")
  func past() async throws {
    try await clock.sleep(until: Uptime(nanoseconds: 0))
    try await clock.sleep(until: clock.now().uptime)
  }

  @Test(
    "a cancelled sleep throws at once, however far its deadline", .timeLimit(.minutes(5)),
    arguments: [nil, Uptime(nanoseconds: .max), Uptime(nanoseconds: 0)])
  func cancelled(deadline: Uptime?) async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await clock.sleep(until: deadline)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test(
    "a sleep is cancelled while it lasts", .timeLimit(.minutes(5)),
    arguments: [nil, Uptime(nanoseconds: .max)])
  func cancelledLater(deadline: Uptime?) async {
    let task = Task { try await clock.sleep(until: deadline) }
    for _ in 0..<10 { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
