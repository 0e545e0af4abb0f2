import DiscoveryCore

extension Probe {
  /// Carries the check out over `transport`; a cancelled one ends as failed.
  package func run(
    over transport: any ProbeTransport, clock: any DiscoveryClock
  ) async -> ProbeVerdict {
    var probe = self
    var step = probe.begin(at: clock.now().uptime)
    while case .send(let request) = step {
      let outcome = await transport.send(request)
      step = probe.next(after: outcome, at: clock.now().uptime)
    }
    guard case .finish(let verdict) = step else { preconditionFailure("a probe ends") }
    return verdict
  }
}
