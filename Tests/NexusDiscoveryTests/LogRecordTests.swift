import DiscoveryTestKit
import Testing
import nexus_discovery

@testable import DiscoveryCore

@Suite("Log records of the registry")
struct LogRecordTests {
  private func parts() throws -> BackendParts {
    var parts = BackendParts(
      id: BackendID(of: "gpu-box-02._ollama._tcp.local", in: .dns), name: "gpu-box-02",
      seen: WallTime(milliseconds: 0))
    parts.addresses = [.of("10.0.0.5"), .of("fe80::1%eth0")]
    parts.hostname = "gpu-box-02.local"
    parts.instance = ServiceInstance(
      name: "gpu-box-02", type: try ServiceType(parsing: "_ollama._tcp"),
      fullName: "gpu-box-02._ollama._tcp.local")
    parts.interfaces = ["eth0", "wlan0"]
    return parts
  }

  private func backend() throws -> Backend { try parts().backend }

  private func record(_ kind: RegistryChange.Kind, _ backend: Backend) -> LogRecord {
    LogRecord.record(for: RegistryChange(revision: 1, kind: kind, backend: backend))
  }

  @Test("a new backend is discovered, with all that is known of it")
  func discovered() throws {
    let record = record(.added, try backend())
    #expect(record.event == .discovered)
    #expect(record.level == .info)
    #expect(record.message == "discovered gpu-box-02: ollama at http://10.0.0.5:11434")
    #expect(
      record.fields == [
        .backendID: BackendID(of: "gpu-box-02._ollama._tcp.local", in: .dns).description,
        .name: "gpu-box-02", .instance: "gpu-box-02._ollama._tcp.local",
        .url: "http://10.0.0.5:11434", .type: "ollama", .status: "unknown", .source: "mdns",
        .interface: "eth0,wlan0", .address: "10.0.0.5",
      ])
  }

  @Test("what is not known of a backend is left out")
  func sparse() throws {
    var parts = try parts()
    (parts.type, parts.instance) = (.unknown, nil)
    (parts.addresses, parts.interfaces) = ([], [])
    let record = record(.added, parts.backend)
    #expect(record.message == "discovered gpu-box-02: server at http://10.0.0.5:11434")
    #expect(
      Set(record.fields.keys) == [.backendID, .name, .url, .type, .status, .source])
  }

  @Test(
    "each change is its event",
    arguments: [
      (RegistryChange.Kind.updated, LogEvent.updated, "updated gpu-box-02: "),
      (.disappeared, .disappeared, "disappeared gpu-box-02: "),
      (.reappeared, .reappeared, "reappeared gpu-box-02: "),
      (.removed, .removed, "removed gpu-box-02: "),
    ])
  func changes(_ kind: RegistryChange.Kind, _ event: LogEvent, _ start: String) throws {
    let record = record(kind, try backend())
    #expect(record.event == event)
    #expect(record.level == event.level)
    #expect(record.message.hasPrefix(start + "ollama at http://10.0.0.5:11434"))
  }

  @Test(
    "flaps that were withheld are counted, with what is true now",
    arguments: [
      (
        RegistryChange.Kind.reappeared, 9, 9, LogEvent.reappeared,
        "gpu-box-02 flapped: it disappeared and reappeared 9 times in 10 s; it is there now:"
          + " ollama at http://10.0.0.5:11434"
      ),
      (
        .disappeared, 5, 4, .disappeared,
        "gpu-box-02 flapped: it disappeared 5 times and reappeared 4 times in 10 s; it is gone now"
      ),
      (
        .removed, 1, 0, .removed,
        "removed gpu-box-02: ollama at http://10.0.0.5:11434; it disappeared once in 10 s before"
      ),
    ])
  func flaps(
    _ kind: RegistryChange.Kind, _ downs: Int, _ ups: Int, _ event: LogEvent, _ message: String
  ) throws {
    let change = RegistryChange(revision: 1, kind: kind, backend: try backend())
    let record = LogRecord.record(
      for: FlapDamper.Line(
        change, flaps: .init(downs: downs, ups: ups, duration: .milliseconds(10_004))))
    #expect(record.event == event)
    #expect(record.message == message)
    #expect(record.fields[.count] == "\(downs + ups)")
    #expect(record.fields[.name] == "gpu-box-02")
    #expect(LogRecord.record(for: FlapDamper.Line(change)) == LogRecord.record(for: change))
  }

  @Test("a health status is its own event, with the latency or the reason")
  func health() throws {
    var backend = try backend()
    backend.status = .healthy
    backend.lastCheck = HealthReport(
      at: WallTime(milliseconds: 0), latency: .microseconds(3180), error: nil)
    let healthy = record(.status, backend)
    #expect(healthy.event == .healthy)
    #expect(
      healthy.message == "healthy gpu-box-02: ollama at http://10.0.0.5:11434, answered in 3.2 ms")
    backend.status = .unhealthy
    backend.lastCheck = HealthReport(
      at: WallTime(milliseconds: 0), latency: nil, error: "connection refused")
    let unhealthy = record(.status, backend)
    #expect(unhealthy.event == .unhealthy)
    #expect(unhealthy.level == .warn)
    #expect(unhealthy.fields[.reason] == "connection refused")
    #expect(unhealthy.message.hasSuffix("http://10.0.0.5:11434: connection refused"))
    backend.status = .unknown
    let unknown = record(.status, backend)
    #expect(unknown.event == nil)
    #expect(unknown.level == .debug)
  }

  @Test("sources say what they are and why they are down")
  func sources() {
    let up = LogRecord.record(for: RegistryNotice.sourceUp(.mdns))
    #expect(up == LogRecord(.sourceUp, "source mdns is up", fields: [.source: "mdns"]))
    let down = LogRecord.record(for: RegistryNotice.sourceDown(.mdns, reason: "no daemon"))
    #expect(
      down
        == LogRecord(
          .sourceDown, "source mdns is down: no daemon",
          fields: [.source: "mdns", .reason: "no daemon"]))
  }

  @Test(
    "a skipped sighting says why",
    arguments: [
      (RegistryNotice.SkipReason.portZero, "port_zero", "its port is 0"),
      (.noUsableAddress, "no_usable_address", "none of its addresses can be used (0.0.0.0)"),
      (.addressRefused, "address_refused", "its addresses are not trusted (0.0.0.0)"),
      (.targetOutsideLocal, "target_outside_local", "its host a.example is not below .local"),
      (.knownAsStatic, "known_as_static", "it is configured already"),
      (
        .apiPathRefused, "api_path_refused",
        "its api_path \"//evil\" is not safe, so its type's own is used"
      ),
      (.limit, "limit", "a limit is reached"),
    ])
  func skipped(
    _ reason: RegistryNotice.SkipReason, _ name: String, _ explanation: String
  ) throws {
    let sighting = Sighting(
      id: Sighting.ID(identity: "x._ollama._tcp.local", interface: "eth0", family: .ipv4),
      name: "x", hostname: "a.example", port: 0, addresses: [try #require(Address("0.0.0.0"))],
      txt: TXTRecord(["api_path": "//evil"]))
    let record = LogRecord.record(for: RegistryNotice.skipped(sighting, .mdns, reason))
    #expect(record.event == .skipped)
    #expect(record.level == (reason == .apiPathRefused ? .warn : .debug))
    #expect(record.message == "skipped x on eth0: \(explanation)")
    #expect(
      record.fields == [
        .name: "x", .source: "mdns", .interface: "eth0", .address: "0.0.0.0", .reason: name,
      ])
  }

  @Test("a limit says which it is")
  func limits() {
    let backends = LogRecord.record(for: RegistryNotice.limitReached(.backends(maximum: 4096)))
    #expect(backends.event == .limitReached)
    #expect(
      backends.message == "4096 backends are known: no new ones are taken from the network")
    let one = LogRecord.record(
      for: RegistryNotice.limitReached(.sightingsOfOneBackend(name: "a", maximum: 64)))
    #expect(one.fields == [.name: "a", .reason: "sightings_of_one_backend"])
  }

  @Test("a reload says what came of it")
  func reload() {
    let good = LogRecord.configReloaded(path: "/etc/nexus/nexus.toml")
    #expect(good.message == "configuration reloaded from /etc/nexus/nexus.toml")
    let bad = LogRecord.configRejected(
      path: "/etc/nexus/nexus.toml", problems: ["f:1:2: error: a", "f:2:2: error: b"])
    #expect(bad.level == .error)
    #expect(
      bad.message == "configuration rejected, the old one stays in force:"
        + " f:1:2: error: a | f:2:2: error: b")
  }
}
