import DiscoveryCore
import DiscoveryTestKit

@testable import HealthChecks

/// A registry, a checker and servers in virtual time: what one commits, the other follows.
struct VirtualNetwork {
  struct Server {
    var latency: Duration = .milliseconds(20)
    /// Takes connections and says nothing.
    var hangs = false
    var refuses = false
    var findings = Findings(type: .ollama, version: "1", models: ["m"])
  }

  private struct Run {
    let probe: Probe.ID
    let startedAt: Uptime
    let verdict: ProbeVerdict
  }

  var registry: RegistryState
  var checker: HealthChecker
  var now = Moment.testStart
  var servers: [BackendID: Server] = [:]
  let settings: HealthCheckSettings

  private var runs: [Probe.ID: Run] = [:]
  private var ends = DeadlineQueue<Probe.ID>()
  private(set) var changes: [RegistryChange] = []
  /// When each check began that was not cancelled.
  private(set) var checks: [BackendID: [Uptime]] = [:]
  private(set) var cancelledCount = 0
  private(set) var mostAtOnce = 0
  private(set) var twiceAtOnce = 0
  /// Checks that changed nothing.
  private(set) var quietCount = 0

  init(_ settings: HealthCheckSettings = HealthCheckSettings(), seed: UInt64 = 1) {
    self.settings = settings
    registry = RegistryState(network: .oneInterface)
    checker = HealthChecker(
      settings: .init(checks: settings), random: SeededGenerator(seed: seed))
  }

  // MARK: - What happens

  mutating func report(_ events: DiscoveryEvent..., from source: SourceKind = .mdns) {
    report(events, from: source)
  }

  mutating func report(_ events: [DiscoveryEvent], from source: SourceKind = .mdns) {
    take(registry.apply(events, from: source, at: now))
  }

  mutating func update(_ settings: HealthChecker.Settings) {
    var registrySettings = RegistryState.Settings()
    registrySettings.checksHealth = settings.checks.enabled
    take(registry.update(settings: registrySettings, at: now))
    let wasOn = checker.isOn
    act(checker.update(settings: settings, at: now))
    if !wasOn { act(checker.follow(.snapshot(registry.snapshot()), at: now)) }
  }

  /// The checker gets the whole set, as a watcher does that fell behind.
  mutating func fallBehind(_ snapshot: RegistrySnapshot) {
    act(checker.follow(.snapshot(snapshot), at: now))
  }

  /// Lets time pass, each event at its own.
  mutating func pass(_ duration: Duration) {
    let end = now.uptime.advanced(by: duration)
    while let next = [ends.earliest, checker.nextDeadline, registry.nextDeadline]
      .compactMap({ $0 }).min(), next <= end
    {
      move(to: max(next, now.uptime))
      take(registry.expire(at: now))
      for id in ends.takeDue(at: now.uptime) {
        guard let run = runs.removeValue(forKey: id) else { continue }
        checks[id.backend, default: []].append(run.startedAt)
        act(checker.finished(id, run.verdict, at: now))
      }
      act(checker.tick(at: now))
    }
    move(to: end)
  }

  private mutating func move(to uptime: Uptime) {
    now = now.advanced(by: now.uptime.duration(to: uptime))
  }

  private mutating func take(_ outcome: RegistryState.Outcome) {
    quietCount += outcome.checked.count
    changes += outcome.changes
    guard !outcome.changes.isEmpty else { return }
    act(checker.follow(.changes(outcome.changes), at: now))
  }

  private mutating func act(_ actions: [HealthChecker.Action]) {
    for action in actions {
      switch action {
      case .start(let probe): start(probe)
      case .cancel(let id):
        if runs.removeValue(forKey: id) != nil { cancelledCount += 1 }
        ends.cancel(id)
      case .report(let id, let result): take(registry.apply(result, to: id, at: now))
      }
    }
  }

  private mutating func start(_ probe: Probe) {
    let server = servers[probe.id.backend] ?? Server()
    let length = server.hangs ? settings.timeout : server.latency
    var first = probe
    guard case .send(let request) = first.begin(at: now.uptime) else { return }
    let verdict =
      server.hangs
      ? ProbeVerdict(condition: .failed(ProbeVerdict.silence(for: settings.timeout)))
      : server.refuses
        ? ProbeVerdict(condition: .failed("connection refused"))
        : ProbeVerdict(
          condition: .well(remark: nil), findings: server.findings, answeredBy: request.address,
          latency: length)
    if runs.keys.contains(where: { $0.backend == probe.id.backend }) { twiceAtOnce += 1 }
    runs[probe.id] = Run(probe: probe.id, startedAt: now.uptime, verdict: verdict)
    ends.set(probe.id, at: now.uptime.advanced(by: length))
    mostAtOnce = max(mostAtOnce, runs.count)
  }

  // MARK: - What is seen

  func backend(_ name: String = "gpu1", _ type: String = "_ollama._tcp") -> Backend? {
    let id = Self.id(name, type)
    return registry.snapshot().backends.first { $0.id == id }
  }

  static func id(_ name: String, _ type: String = "_ollama._tcp") -> BackendID {
    BackendID(of: "\(name).\(ServiceType.of(type).fullName)", in: .dns)
  }

  /// The kinds of all changes of one backend since the beginning.
  func kinds(of name: String = "gpu1") -> [RegistryChange.Kind] {
    changes.filter { $0.backend.id == Self.id(name) }.map(\.kind)
  }
}
