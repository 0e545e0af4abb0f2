import Dispatch
import EventLoop
import Testing

@Suite("Tasks on a queue")
struct QueueTaskExecutorTests {
  /// A key is only ever compared by its identity; Swift 6.0's Dispatch does not call it Sendable.
  private struct Mark: @unchecked Sendable {
    let key = DispatchSpecificKey<String>()
  }

  private static let mark = Mark()

  private actor Counter {
    private(set) var count = 0
    private(set) var places: Set<String> = []

    func add() {
      count += 1
      places.insert(QueueTaskExecutorTests.place())
    }
  }

  /// Where the caller runs: the mark of the queue, or "elsewhere".
  private static func place() -> String {
    DispatchQueue.getSpecific(key: mark.key) ?? "elsewhere"
  }

  private func markedExecutor() -> QueueTaskExecutor {
    let executor = QueueTaskExecutor(label: "tasks under test")
    executor.queue.setSpecific(key: Self.mark.key, value: "queue")
    return executor
  }

  @Test("tasks, their children and the actors that they call run on the queue, one at a time")
  func everything() async {
    let counter = Counter()
    let executor = markedExecutor()
    let places = await withTaskExecutorPreference(executor) {
      await withTaskGroup(of: String.self, returning: Set<String>.self) { group in
        for _ in 0..<100 {
          group.addTask {
            await counter.add()
            await Task.yield()
            return Self.place()
          }
        }
        return await group.reduce(into: []) { $0.insert($1) }
      }
    }
    #expect(places == ["queue"])
    #expect(await counter.count == 100)
    #expect(await counter.places == ["queue"])
  }

  @Test("a sleeping task wakes up on the queue")
  func sleeping() async throws {
    let executor = markedExecutor()
    let place = try await withTaskExecutorPreference(executor) {
      let clock = SystemClock()
      try await clock.sleep(until: clock.now().uptime.advanced(by: .milliseconds(5)))
      return Self.place()
    }
    #expect(place == "queue")
  }
}
