import DiscoveryCore
import DiscoveryTestKit
import NetworkBridge
import Testing

@Suite("When the network is asked")
struct QueryScheduleTests {
  /// Milliseconds after `start` at which the next `count` questions are asked, each when it is due.
  private func times(
    _ schedule: inout QuerySchedule, count: Int, from start: Uptime
  ) -> [Int64] {
    (0..<count).compactMap { _ in
      guard let due = schedule.nextDeadline else { return nil }
      schedule.asked(at: due)
      return start.duration(to: due).wholeNanoseconds / 1_000_000
    }
  }

  private let start = Uptime(nanoseconds: 5_000_000_000)

  @Test(
    "the gap doubles until it reaches the interval",
    arguments: [
      (30.0, [1.0, 2, 4, 8, 16, 32, 62, 92, 122]),
      (5, [1, 2, 4, 8, 13, 18]),
      (1, [1, 2, 3, 4]),
      (0.2, [1, 2, 3, 4]),
      (3600, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 7696, 11296]),
    ] as [(Double, [Double])])
  func doubles(interval: Double, expected: [Double]) {
    var schedule = QuerySchedule(interval: .seconds(interval))
    schedule.restart(at: start)
    #expect(
      times(&schedule, count: expected.count, from: start) == expected.map { Int64($0 * 1000) })
  }

  @Test("nothing is due before it was started")
  func rests() {
    let schedule = QuerySchedule(interval: .seconds(30))
    #expect(schedule.nextDeadline == nil)
    #expect(!schedule.isDue(at: start))
  }

  @Test("a question is due at its deadline and not a nanosecond before")
  func dueness() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    let deadline = start.advanced(by: .seconds(1))
    #expect(schedule.nextDeadline == deadline)
    #expect(!schedule.isDue(at: Uptime(nanoseconds: deadline.nanoseconds - 1)))
    #expect(schedule.isDue(at: deadline))
  }

  @Test("an interval of zero never asks of itself, only on demand")
  func zero() {
    var schedule = QuerySchedule(interval: .zero)
    schedule.restart(at: start)
    #expect(schedule.nextDeadline == nil)
    schedule.askNow(at: start)
    #expect(schedule.isDue(at: start))
    schedule.asked(at: start)
    #expect(schedule.nextDeadline == nil)
  }

  @Test("a demanded question is due at once and leaves the schedule as it is")
  func demanded() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    _ = times(&schedule, count: 6, from: start)  // the next one at 62 s
    let now = start.advanced(by: .seconds(40))
    schedule.askNow(at: now)
    #expect(schedule.nextDeadline == now)
    schedule.asked(at: now)
    #expect(times(&schedule, count: 2, from: start) == [62_000, 92_000])
  }

  @Test("what was held back is one question when the hold is over, and what follows is as ever")
  func held() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    schedule.hold(until: start.advanced(by: .seconds(5)))
    #expect(times(&schedule, count: 4, from: start) == [5000, 8000, 16_000, 32_000])
  }

  @Test("a release lets it be asked as if it had never been held")
  func released() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    schedule.hold(until: start.advanced(by: .seconds(5)))
    schedule.release()
    #expect(times(&schedule, count: 3, from: start) == [1000, 2000, 4000])
  }

  @Test("what fell due while nothing could be asked is one question, then it begins as ever")
  func overdue() {
    for away in [Duration.seconds(5), .seconds(35), .seconds(90)] {
      var schedule = QuerySchedule(interval: .seconds(30))
      schedule.restart(at: start)
      _ = times(&schedule, count: 6, from: start)  // 32 s; the next one at 62 s
      let back = start.advanced(by: .seconds(62) + away)
      schedule.restart(at: back)
      schedule.hold(until: back.advanced(by: .seconds(3)))
      #expect(times(&schedule, count: 4, from: back) == [3000, 7000, 15_000, 31_000])
    }
  }

  @Test("a hold keeps back a search too, and nothing that is demanded")
  func heldSearch() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.hold(until: start.advanced(by: .seconds(5)))
    schedule.missed(at: start, gracePeriod: .seconds(60))
    #expect(schedule.nextDeadline == start.advanced(by: .seconds(5)))
    schedule.askNow(at: start)
    #expect(schedule.nextDeadline == start)
  }

  @Test("a second demand within a second waits until that second is over")
  func demandedTwice() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.askNow(at: start)
    schedule.asked(at: start)
    schedule.askNow(at: start.advanced(by: .milliseconds(300)))
    schedule.askNow(at: start.advanced(by: .milliseconds(700)))
    #expect(schedule.nextDeadline == start.advanced(by: .seconds(1)))
    schedule.asked(at: start.advanced(by: .seconds(1)))
    #expect(schedule.nextDeadline == nil)
  }

  @Test("a question that falls due within a second of a demanded one waits for that second")
  func demandedJustBefore() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    _ = times(&schedule, count: 6, from: start)
    let now = start.advanced(by: .milliseconds(61_800))
    schedule.askNow(at: now)
    schedule.asked(at: now)
    #expect(times(&schedule, count: 2, from: start) == [62_800, 92_800])
  }

  @Test("a restart begins again with a second")
  func restarted() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    _ = times(&schedule, count: 7, from: start)
    let again = start.advanced(by: .seconds(70))
    schedule.restart(at: again)
    #expect(times(&schedule, count: 4, from: again) == [1000, 2000, 4000, 8000])
  }

  @Test("restarts without end do not keep the network from being asked")
  func restartedForEver() {
    var schedule = QuerySchedule(interval: .seconds(30))
    var asked = 0
    for tenth in 0..<100 {
      let now = start.advanced(by: .milliseconds(100 * tenth))
      schedule.restart(at: now)
      if schedule.isDue(at: now) {
        schedule.asked(at: now)
        asked += 1
      }
    }
    #expect(asked == 9)
  }

  @Test("being asked late moves the questions after it only when a gap was slept through")
  func late() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    schedule.asked(at: start.advanced(by: .milliseconds(1040)))
    // At 2 s it would be less than a second after the last one.
    #expect(schedule.nextDeadline == start.advanced(by: .milliseconds(2040)))
    schedule.asked(at: start.advanced(by: .milliseconds(2050)))
    #expect(schedule.nextDeadline == start.advanced(by: .milliseconds(4040)))
    schedule.asked(at: start.advanced(by: .seconds(500)))
    #expect(schedule.nextDeadline == start.advanced(by: .seconds(504)))
  }

  @Test("another interval takes effect at once")
  func newInterval() {
    var schedule = QuerySchedule(interval: .seconds(600))
    schedule.restart(at: start)
    _ = times(&schedule, count: 9, from: start)  // 256 s; the next one at 512 s
    let now = start.advanced(by: .seconds(300))
    schedule.setInterval(.seconds(10), at: now)
    #expect(times(&schedule, count: 3, from: now) == [10_000, 20_000, 30_000])
    schedule.setInterval(.zero, at: now.advanced(by: .seconds(30)))
    #expect(schedule.nextDeadline == nil)
    schedule.setInterval(.seconds(60), at: now.advanced(by: .seconds(40)))
    #expect(times(&schedule, count: 2, from: now) == [41_000, 42_000])
  }

  @Test("what went is asked for at once, after a second and after two more; then all is as before")
  func missed() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    _ = times(&schedule, count: 6, from: start)  // the next one at 62 s
    schedule.missed(at: start.advanced(by: .seconds(40)), gracePeriod: .seconds(60))
    #expect(times(&schedule, count: 5, from: start) == [40_000, 41_000, 43_000, 62_000, 92_000])
  }

  @Test("a question that is asked anyway serves what went, and one just asked is a second away")
  func missedNearAnother() {
    var schedule = QuerySchedule(interval: .seconds(30))
    schedule.restart(at: start)
    _ = times(&schedule, count: 6, from: start)
    schedule.missed(at: start.advanced(by: .milliseconds(32_400)), gracePeriod: .seconds(60))
    #expect(times(&schedule, count: 3, from: start) == [33_000, 34_000, 36_000])
    schedule.missed(at: start.advanced(by: .seconds(62)), gracePeriod: .seconds(60))
    #expect(times(&schedule, count: 1, from: start) == [62_000])
    #expect(schedule.nextDeadline != start.advanced(by: .seconds(62)))
  }

  @Test("with an interval of zero, what went is not asked for either")
  func missedWithoutQueries() {
    var schedule = QuerySchedule(interval: .zero)
    schedule.missed(at: start, gracePeriod: .seconds(60))
    #expect(schedule.nextDeadline == nil)
    schedule = QuerySchedule(interval: .seconds(30))
    schedule.missed(at: start, gracePeriod: .seconds(60))
    schedule.setInterval(.zero, at: start)
    #expect(schedule.nextDeadline == nil)
  }

  @Test(
    "goodbyes without end are worth few questions, and each has one within half the grace period",
    arguments: [(30, 60, 24), (3600, 60, 24), (30, 6, 203), (2, 60, 303)])
  func missedForEver(interval: Int, grace: Int, atMost: Int) throws {
    var schedule = QuerySchedule(interval: .seconds(interval))
    let longest = Duration.seconds(min(interval, grace / 2))
    var asked: [Uptime] = []
    for tenth in 0..<6000 {
      let now = start.advanced(by: .milliseconds(100 * tenth))
      schedule.missed(at: now, gracePeriod: .seconds(grace))
      let due = try #require(schedule.nextDeadline)
      #expect(now.duration(to: due) <= longest)
      guard schedule.isDue(at: now) else { continue }
      schedule.asked(at: now)
      asked.append(now)
    }
    #expect(asked.first == start)
    #expect(asked.count <= atMost)
  }

  @Test("after a quiet time, what went is asked for as quickly as at first")
  func missedAgainLater() {
    var schedule = QuerySchedule(interval: .seconds(3600))
    func questions(_ second: Int) -> [Int64] {
      schedule.missed(at: start.advanced(by: .seconds(second)), gracePeriod: .seconds(20))
      return times(&schedule, count: 3, from: start)
    }
    #expect(questions(0) == [0, 1000, 3000])
    #expect(questions(4) == [7000, 15_000, 25_000])
    #expect(questions(45) == [45_000, 46_000, 48_000])
  }

  @Test(
    "whatever happens, two questions are a second apart and none is later than the interval",
    arguments: UInt64(1)...40)
  func neverTooClose(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let interval = Int64.random(in: 1...40, using: &random)
    var schedule = QuerySchedule(interval: .seconds(interval))
    var now = start
    schedule.restart(at: now)
    var last = now
    for _ in 0..<500 {
      now = now.advanced(by: .milliseconds(Int64.random(in: 0...1500, using: &random)))
      switch Int.random(in: 0...9, using: &random) {
      case 0: schedule.restart(at: now)
      case 1: schedule.askNow(at: now)
      case 2: schedule.setInterval(.seconds(interval), at: now)
      case 3: schedule.missed(at: now, gracePeriod: .seconds(interval))
      default: break
      }
      guard let deadline = schedule.nextDeadline else {
        Issue.record("no question is due any more, seed \(seed)")
        return
      }
      #expect(
        max(last, now).duration(to: deadline) <= .seconds(interval), "seed \(seed)")
      guard schedule.isDue(at: now) else { continue }
      #expect(last == start || last.duration(to: now) >= .seconds(1), "seed \(seed)")
      schedule.asked(at: now)
      #expect(!schedule.isDue(at: now), "seed \(seed)")
      last = now
    }
  }
}
