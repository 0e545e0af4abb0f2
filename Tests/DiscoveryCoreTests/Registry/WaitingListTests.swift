import Testing

@testable import DiscoveryCore

@Suite("Tasks that wait for news", .timeLimit(.minutes(5)))
struct WaitingListTests {
  @Test("news between the look and the wait is not missed")
  func between() async {
    let list = WaitingList()
    let wakings = list.wakings
    list.wakeAll()
    await list.wait(after: wakings)
  }

  @Test("each waking wakes all who wait, once")
  func all() async {
    let list = WaitingList()
    for _ in 0..<100 {
      let wakings = list.wakings
      async let first: Void = list.wait(after: wakings)
      async let second: Void = list.wait(after: wakings)
      list.wakeAll()
      _ = await (first, second)
      #expect(list.wakings == wakings + 1)
    }
  }

  @Test("who is cancelled waits no longer")
  func cancelled() async {
    let list = WaitingList()
    let task = Task { await list.wait(after: list.wakings) }
    task.cancel()
    await task.value
  }
}
