import Dispatch
import EventLoop
import Testing

@Suite("An actor on a queue")
struct QueueExecutorTests {
  private actor Counter {
    let executor = QueueExecutor(label: "counter")
    private(set) var count = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      executor.asUnownedSerialExecutor()
    }

    func add() {
      dispatchPrecondition(condition: .onQueue(executor.queue))
      count += 1
    }
  }

  @Test("its methods run on the queue")
  func isolated() async {
    let counter = Counter()
    await counter.add()
    #expect(await counter.count == 1)
  }

  @Test("what the queue runs is inside the actor already")
  func assumed() async {
    let counter = Counter()
    counter.executor.queue.sync { counter.assumeIsolated { $0.add() } }
    await withCheckedContinuation { continuation in
      counter.executor.queue.async {
        counter.assumeIsolated { $0.add() }
        continuation.resume()
      }
    }
    #expect(await counter.count == 2)
  }

  @Test("callers from many tasks come one after the other")
  func serial() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<500 { group.addTask { await counter.add() } }
    }
    #expect(await counter.count == 500)
  }
}
