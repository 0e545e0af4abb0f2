import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct SourceSupervisorTests {
  private struct Failing: DiscoverySource {
    struct Broken: Error {}
    let kind = SourceKind.mdns
    let attempts: AsyncStream<Void>.Continuation

    func run(emitting sink: @escaping @Sendable ([DiscoveryEvent]) async -> Void) async throws {
      attempts.yield()
      throw Broken()
    }
  }

  @Test("a source that throws is reported and started again, ever more slowly")
  func restarts() async {
    let clock = ManualClock()
    let registry = Registry(state: RegistryState(), clock: clock)
    let (attempts, continuation) = AsyncStream.makeStream(of: Void.self)
    let supervisor = SourceSupervisor(
      Failing(attempts: continuation), registry: registry, clock: clock)
    let running = Task { await supervisor.run() }
    var attempt = attempts.makeAsyncIterator()
    for pause in [1, 2, 4, 8] {
      await attempt.next()
      await clock.waitForSleeper(until: clock.now().uptime.advanced(by: .seconds(pause)))
      clock.advance(by: .seconds(pause))
    }
    await attempt.next()
    #expect(await registry.sourceStatuses().first?.lastError == "Broken()")
    running.cancel()
    await running.value
  }
}
