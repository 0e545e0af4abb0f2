import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct DeadlineQueueTests {
  private func at(_ seconds: Int64) -> Uptime { Uptime(nanoseconds: seconds * 1_000_000_000) }

  @Test("what is due comes out in order, the first set first")
  func order() {
    var queue = DeadlineQueue<String>()
    queue.set("c", at: at(3))
    queue.set("a", at: at(1))
    queue.set("b", at: at(3))
    #expect(queue.earliest == at(1))
    #expect(queue.takeDue(at: at(2)) == ["a"])
    #expect(queue.takeDue(at: at(3)) == ["c", "b"])
    #expect(queue.earliest == nil)
  }

  @Test("a key is due at its last deadline only, and not at all once cancelled")
  func replaced() {
    var queue = DeadlineQueue<String>()
    queue.set("a", at: at(1))
    queue.set("a", at: at(5))
    queue.set("b", at: at(2))
    queue.cancel("b")
    #expect(queue.earliest == at(5))
    #expect(queue.takeDue(at: at(4)) == [])
    #expect(queue.takeDue(at: at(5)) == ["a"])
    #expect(queue.count == 0)
  }

  @Test("random sets and cancels agree with a dictionary")
  func agreesWithDictionary() {
    for seed in UInt64(1)...50 {
      var dice = SeededGenerator(seed: seed)
      var queue = DeadlineQueue<Int>()
      var model: [Int: Uptime] = [:]
      for now in Int64(0)..<300 {
        let key = Int.random(in: 0..<20, using: &dice)
        if dice.chance(70) {
          let deadline = at(now + Int64.random(in: 0..<40, using: &dice))
          queue.set(key, at: deadline)
          model[key] = deadline
        } else {
          queue.cancel(key)
          model[key] = nil
        }
        let due = model.filter { $0.value <= at(now) }.keys
        #expect(queue.earliest == model.values.min(), "seed \(seed)")
        #expect(Set(queue.takeDue(at: at(now))) == Set(due), "seed \(seed)")
        for key in due { model[key] = nil }
      }
    }
  }
}
