import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("When the state is written")
struct StateScheduleTests {
  private let start = Moment.testStart.uptime

  private func after(_ seconds: Double) -> Uptime { start.advanced(by: .seconds(seconds)) }

  /// The write succeeds: whether that is worth a word.
  private func isNews(_ schedule: inout StateSchedule) -> Bool { schedule.succeeded() }

  @Test("the first change is written at once, the next 5 s later, and nothing without a change")
  func spacing() {
    var schedule = StateSchedule()
    #expect(schedule.nextDeadline == nil)
    schedule.changed(isPrompt: false)
    #expect(schedule.isDue(at: start))
    schedule.began(at: start)
    schedule.changed(isPrompt: false)
    #expect(schedule.nextDeadline == nil)
    #expect(isNews(&schedule) == false)
    #expect(schedule.nextDeadline == after(5))
    schedule.changed(isPrompt: true)
    #expect(schedule.nextDeadline == after(4))
    schedule.changed(isPrompt: false)
    #expect(schedule.nextDeadline == after(4))
    schedule.began(at: after(4))
    _ = schedule.succeeded()
    #expect(schedule.nextDeadline == nil)
  }

  @Test("what changed back is not written; the next change waits a second for it, or not at all")
  func nothingToWrite() {
    var schedule = StateSchedule()
    schedule.changed(isPrompt: false)
    schedule.began(at: start)
    schedule.hadNothingToWrite()
    #expect(schedule.nextDeadline == nil)
    schedule.changed(isPrompt: false)
    #expect(schedule.nextDeadline == after(1))
    schedule.changed(isPrompt: true)
    #expect(schedule.isDue(at: start))
  }

  @Test("services that come and go without end have all that is known copied once a second")
  func flapping() {
    var schedule = StateSchedule()
    var looks = 0
    for step in 0..<10_000 {
      let now = after(Double(step) / 1000)
      schedule.changed(isPrompt: false)
      guard schedule.isDue(at: now) else { continue }
      schedule.began(at: now)
      schedule.hadNothingToWrite()
      looks += 1
    }
    #expect(looks == 10)
  }

  @Test("a failure is told once, tried again less and less often, and its end is told")
  func failures() {
    var schedule = StateSchedule()
    schedule.changed(isPrompt: true)
    var now = start
    for (attempt, pause) in [5, 10, 20, 40, 60, 60].enumerated() {
      #expect(schedule.isDue(at: now))
      schedule.began(at: now)
      let isNews = schedule.failed(because: "no space", at: now)
      #expect(isNews == (attempt == 0))
      schedule.changed(isPrompt: true)
      #expect(schedule.nextDeadline == now.advanced(by: .seconds(pause)))
      now = now.advanced(by: .seconds(pause))
    }
    schedule.began(at: now)
    let isOther = schedule.failed(because: "no disk", at: now)
    #expect(isOther)
    schedule.began(at: now)
    #expect(isNews(&schedule))
    #expect(schedule.nextDeadline == nil)
    schedule.changed(isPrompt: false)
    schedule.began(at: now.advanced(by: .seconds(5)))
    #expect(isNews(&schedule) == false)
  }

  /// Seconds from one time to another.
  private func age(_ from: Uptime, _ to: Uptime) -> Double {
    Double(from.duration(to: to).wholeNanoseconds) / 1e9
  }

  @Test(
    "whenever it crashes, no change of an administrator's older than 5 s is lost",
    arguments: 0..<200
  )
  func crashes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var schedule = StateSchedule()
    var now = start
    /// When each change was made, and how many of them the file has.
    var changes: [Uptime] = []
    var onDisk = 0
    var writing: (count: Int, ends: Uptime)?
    var begins: [Uptime] = []
    let crash = after(Double.random(in: 0...60, using: &random))
    var nextChange = now
    while now < crash {
      if let write = writing, write.ends <= now {
        onDisk = write.count
        writing = nil
        _ = schedule.succeeded()
      }
      if schedule.isDue(at: now) {
        schedule.began(at: now)
        begins.append(now)
        let duration = Duration.milliseconds(Int.random(in: 1...900, using: &random))
        writing = (changes.count, now.advanced(by: duration))
      }
      if nextChange <= now {
        changes.append(now)
        schedule.changed(isPrompt: true)
        let most = random.chance(20) ? 12_000 : 700
        nextChange = now.advanced(by: .milliseconds(Int.random(in: 1...most, using: &random)))
      }
      // As the daemon does: to the next thing that is due.
      let due = [schedule.nextDeadline, writing?.ends, nextChange, crash].compactMap { $0 }
      now = max(due.min() ?? crash, now)
    }
    for lost in changes[onDisk...] { #expect(age(lost, crash) <= 5, "seed \(seed)") }
    for (one, next) in zip(begins, begins.dropFirst()) {
      #expect(age(one, next) >= 4, "seed \(seed)")
    }
  }
}
