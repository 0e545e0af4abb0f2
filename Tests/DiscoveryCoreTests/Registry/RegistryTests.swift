import DiscoveryTestKit
import Synchronization
import Testing

@testable import DiscoveryCore

@Suite(.timeLimit(.minutes(5))) struct RegistryTests {
  let clock = ManualClock()

  private func registry(history: Int = 1024) -> Registry {
    Registry(state: RegistryState(network: .oneInterface), clock: clock, history: history)
  }

  private func kinds(_ update: RegistryUpdate?) -> [String] {
    switch update?.content {
    case .snapshot(let snapshot)?: ["snapshot \(snapshot.revision)"]
    case .changes(let changes)?: changes.map { "\($0.kind.rawValue) \($0.revision)" }
    case nil: ["end"]
    }
  }

  @Test("a watcher gets a snapshot, then each revision in order")
  func watch() async {
    let registry = registry()
    await registry.ingest([.serviceFound(.mdns("a"))], from: .mdns)
    var watch = registry.watch().makeAsyncIterator()
    #expect(kinds(await watch.next()) == ["snapshot 1"])
    await registry.ingest([.serviceFound(.mdns("a", port: 1))], from: .mdns)
    await registry.ingest([.serviceRemoved(Sighting.mdns("a").id)], from: .mdns)
    #expect(kinds(await watch.next()) == ["updated 2", "disappeared 3"])
  }

  @Test("what is reported together is one change of a backend")
  func together() async {
    let registry = registry()
    var watch = registry.watch(after: 0).makeAsyncIterator()
    await registry.ingest(
      [.serviceFound(.mdns()), .serviceFound(.mdns(at: ["fe80::5%eth0"], family: .ipv6))],
      from: .mdns)
    #expect(kinds(await watch.next()) == ["added 1"])
    await registry.ingest(
      [.serviceRemoved(Sighting.mdns().id), .serviceFound(.mdns(port: 1))], from: .mdns)
    #expect(kinds(await watch.next()) == ["updated 2"])
  }

  @Test("a watcher that waits is woken by the next commit")
  func wakes() async {
    let registry = registry()
    var watch = registry.watch().makeAsyncIterator()
    _ = await watch.next()
    async let next = watch.next()
    await registry.ingest([.serviceFound(.mdns("a"))], from: .mdns)
    #expect(kinds(await next) == ["added 1"])
  }

  @Test("a watcher that is too far behind gets a snapshot")
  func tooSlow() async {
    let registry = registry(history: 4)
    var watch = registry.watch(after: 0).makeAsyncIterator()
    for port in UInt16(1)...6 {
      await registry.ingest([.serviceFound(.mdns("a", port: port))], from: .mdns)
    }
    #expect(kinds(await watch.next()) == ["snapshot 6"])
    var resumed = registry.watch(after: 4).makeAsyncIterator()
    #expect(kinds(await resumed.next()) == ["updated 5", "updated 6"])
    var ahead = registry.watch(after: 99).makeAsyncIterator()
    #expect(kinds(await ahead.next()) == ["snapshot 6"])
  }

  @Test("a cancelled watcher ends")
  func cancelled() async {
    let registry = registry()
    let task = Task { () -> [String] in
      var watch = registry.watch().makeAsyncIterator()
      _ = await watch.next()
      return kinds(await watch.next())
    }
    task.cancel()
    #expect(await task.value == ["end"])
  }

  @Test("the registry sleeps until the grace period ends, then removes")
  func deadline() async {
    let registry = registry()
    let running = Task { await registry.run() }
    await clock.waitForSleeper(until: nil)
    await registry.ingest([.serviceFound(.mdns("a"))], from: .mdns)
    await registry.ingest([.serviceRemoved(Sighting.mdns("a").id)], from: .mdns)
    await clock.waitForSleeper(until: clock.now().uptime.advanced(by: .seconds(60)))
    var watch = registry.watch(after: 2).makeAsyncIterator()
    #expect(kinds(await watch.next()) == [])
    clock.advance(by: .seconds(60))
    #expect(kinds(await watch.next()) == ["removed 3"])
    await clock.waitForSleeper(until: nil)
    running.cancel()
    await running.value
  }

  @Test("the registry's loop gives a sign of life at once and then at each interval")
  func heartbeat() async {
    let registry = registry()
    let beats = Atomic(0)
    let heartbeat = Heartbeat(each: .seconds(30)) { beats.add(1, ordering: .relaxed) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.run(heartbeat: heartbeat) }
      for count in 1...3 {
        await clock.waitForSleeper(until: clock.now().uptime.advanced(by: .seconds(30)))
        #expect(beats.load(ordering: .relaxed) == count)
        clock.advance(by: .seconds(30))
      }
      group.cancelAll()
    }
  }

  @Test("a change of a source's state reaches watchers without a revision")
  func sources() async {
    let registry = registry()
    await registry.declare(.mdns, enabled: true)
    var watch = registry.watch(after: 0).makeAsyncIterator()
    #expect(await watch.next()?.sources.map(\.state) == [.waiting])
    await registry.ingest([.sourceConnected], from: .mdns)
    let update = await watch.next()
    #expect(kinds(update) == [])
    #expect(update?.sources.map(\.state) == [.up])
  }

  @Test("skips are counted for all watchers, and told only on demand")
  func skips() async {
    let registry = registry()
    var watch = registry.watch(after: 0).makeAsyncIterator()
    let refused = Sighting.mdns(port: 0)
    await registry.ingest([.serviceFound(refused)], from: .mdns)
    #expect(await watch.next()?.skipped == [.portZero: 1])
    await registry.tellSkips(true)
    await registry.ingest([.serviceFound(refused), .sourceConnected], from: .mdns)
    #expect(await watch.next()?.skipped == [.portZero: 2])
    #expect(await registry.skipCounts() == [.portZero: 2])
    #expect(
      await registry.nextNotices()
        == NoticeBatch(notices: [.skipped(refused, .mdns, .portZero), .sourceUp(.mdns)]))
  }

  @Test("a flood of skips pushes out no other notice, and is counted")
  func skipFlood() async {
    let registry = registry()
    await registry.tellSkips(true)
    for _ in 0..<3000 { await registry.ingest([.serviceFound(.mdns(port: 0))], from: .mdns) }
    await registry.ingest([.sourceConnected], from: .mdns)
    await registry.ingest([.sourceFailed(reason: "x")], from: .mdns)
    let batch = await registry.nextNotices()
    #expect(batch?.notices.count == 1026)
    #expect(batch?.notices.suffix(2) == [.sourceUp(.mdns), .sourceDown(.mdns, reason: "x")])
    #expect(batch?.lostSkips == 3000 - 1024)
    #expect(batch?.lostOthers == 0)
    #expect(await registry.skipCounts() == [.portZero: 3000])
  }

  @Test("the reader of notices is woken by the next one, and ends when it is cancelled")
  func notices() async {
    let registry = registry()
    async let next = registry.nextNotices()
    await registry.ingest([.sourceConnected], from: .mdns)
    #expect(await next?.notices == [.sourceUp(.mdns)])
    let task = Task { await registry.nextNotices() }
    task.cancel()
    #expect(await task.value == nil)
  }
}
