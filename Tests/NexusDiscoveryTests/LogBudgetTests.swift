import DiscoveryCore
import DiscoveryTestKit
import Testing
import nexus_discovery

@Suite("The log's budget")
struct LogBudgetTests {
  private let start = Moment.testStart.uptime

  private func at(_ seconds: Int) -> Uptime { start.advanced(by: .seconds(seconds)) }

  /// How many of `count` lines are admitted.
  private func admitted(
    _ count: Int, of event: LogEvent?, by budget: inout LogBudget, at now: Uptime
  ) -> Int {
    (0..<count).count { _ in budget.admits(event, at: now) }
  }

  @Test("all servers of a network of 1,500 are logged, and nothing is due")
  func burst() {
    var budget = LogBudget()
    #expect(admitted(1500, of: .discovered, by: &budget, at: start) == 1500)
    #expect(budget.nextDeadline == nil)
    #expect(budget.finish() == nil)
  }

  @Test("past the burst a line goes on each second; a minute's pause is a minute's lines")
  func rate() {
    var budget = LogBudget()
    #expect(admitted(3000, of: .discovered, by: &budget, at: start) == LogBudget.burst)
    for second in 1...5 {
      #expect(admitted(10, of: .discovered, by: &budget, at: at(second)) == 1)
    }
    #expect(admitted(100, of: .discovered, by: &budget, at: at(65)) == 60)
    #expect(admitted(5000, of: .discovered, by: &budget, at: at(10_000)) == LogBudget.burst)
  }

  @Test("a flood of new servers leaves the others' lines alone")
  func perEvent() {
    var budget = LogBudget()
    _ = admitted(5000, of: .discovered, by: &budget, at: start)
    #expect(admitted(64, of: .disappeared, by: &budget, at: start) == 64)
    #expect(admitted(64, of: .removed, by: &budget, at: start) == 64)
  }

  @Test(
    "what no neighbour can cause at will is never left out",
    arguments: [
      LogEvent.sourceUp, .sourceDown, .limitReached, .configReloaded, .configRejected, .announced,
      .withdrawn, nil,
    ])
  func unlimited(_ event: LogEvent?) {
    var budget = LogBudget()
    #expect(admitted(5000, of: event, by: &budget, at: start) == 5000)
    #expect(budget.nextDeadline == nil)
  }

  @Test("what is left out is told each 10 s, per event, and once more when it is over")
  func reports() {
    var budget = LogBudget()
    _ = admitted(3200, of: .discovered, by: &budget, at: start)
    _ = admitted(2034, of: .removed, by: &budget, at: at(2))
    #expect(budget.nextDeadline == at(10))
    #expect(budget.tick(at: at(9)) == nil)
    let first = budget.tick(at: at(10))
    #expect(
      first
        == LogRecord(
          .warn, "1234 log lines were left out: 1200 discovered, 34 removed",
          fields: [.count: "1234"]))
    _ = admitted(13, of: .discovered, by: &budget, at: at(12))
    #expect(budget.nextDeadline == at(20))
    #expect(budget.tick(at: at(20))?.message == "1 log line was left out: 1 discovered")
    #expect(budget.nextDeadline == at(30))
    let last = budget.tick(at: at(30))
    #expect(last?.level == .info)
    #expect(last?.message == "the log is complete again: 1235 log lines were left out in all")
    #expect(budget.nextDeadline == nil)
    #expect(budget.finish() == nil)
  }

  @Test("what was left out elsewhere is counted, and told at the end")
  func elsewhere() {
    var budget = LogBudget()
    budget.leaveOut(0, of: .skipped, at: start)
    #expect(budget.nextDeadline == nil)
    budget.leaveOut(7, of: .skipped, at: start)
    #expect(budget.finish()?.message == "7 log lines were left out: 7 skipped")
    #expect(budget.nextDeadline == nil)
  }

  @Test("no line is lost uncounted, whatever the order", arguments: 0..<20)
  func property(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var budget = LogBudget()
    var now = start
    var (offered, logged, told) = (0, 0, 0)
    var reports: [Uptime] = []
    for _ in 0..<300 {
      now = now.advanced(by: .milliseconds(Int.random(in: 0...4000, using: &random)))
      if let record = budget.tick(at: now), record.level == .warn {
        told += record.fields[.count].flatMap(Int.init) ?? 0
        reports.append(now)
      }
      let event: LogEvent = random.chance(50) ? .discovered : .skipped
      let count = Int.random(in: 0...100, using: &random)
      offered += count
      logged += admitted(count, of: event, by: &budget, at: now)
    }
    told += budget.finish()?.fields[.count].flatMap(Int.init) ?? 0
    #expect(logged + told == offered, "seed \(seed)")
    #expect(told > 0, "seed \(seed)")
    let seconds = Int(start.duration(to: now).components.seconds) + 1
    #expect(logged <= 2 * (LogBudget.burst + seconds), "seed \(seed)")
    for (earlier, later) in zip(reports, reports.dropFirst()) {
      #expect(earlier.duration(to: later) >= .seconds(10), "seed \(seed)")
    }
  }
}
