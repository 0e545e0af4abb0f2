/// Keeps one source running: a source that throws is reported as failed and started again.
package struct SourceSupervisor: Sendable {
  private let source: any DiscoverySource
  private let registry: Registry
  private let clock: any DiscoveryClock

  package init(_ source: any DiscoverySource, registry: Registry, clock: any DiscoveryClock) {
    self.source = source
    self.registry = registry
    self.clock = clock
  }

  /// Runs the source until the task is cancelled; waits 1, 2, 4 … 60 seconds between attempts.
  package func run() async {
    let kind = source.kind
    var pause = Duration.seconds(1)
    while !Task.isCancelled {
      do {
        try await source.run { [registry] in await registry.ingest($0, from: kind) }
        return
      } catch {
        guard !Task.isCancelled else { return }
        await registry.ingest([.sourceFailed(reason: String(describing: error))], from: kind)
      }
      guard (try? await clock.sleep(until: clock.now().uptime.advanced(by: pause))) != nil
      else { return }
      pause = min(pause * 2, .seconds(60))
    }
  }
}
