import APIModel
import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("client commands")
struct ClientCommandTests {
  static let first = BackendDocument.example("gpu-box-01")
  static let second = BackendDocument.example("größe 😀") { $0.status = .unhealthy }

  private static func text(_ document: some Encodable) throws -> String {
    String(decoding: try JSONText.encode(document), as: UTF8.self)
  }

  private static func list(_ backends: [BackendDocument]) throws -> String {
    FakeDaemon.json(200, try text(BackendListDocument(revision: 7, backends: backends)))
  }

  /// Runs the tool against a daemon that gives `answers`, and says what the daemon was asked.
  private func run(
    _ arguments: [String], answers: [String: String], width: Int? = nil
  ) async throws -> (run: ToolRun, requests: [String]) {
    let daemon = try FakeDaemon(answers)
    defer { daemon.stop() }
    let run = await ToolRun(arguments + ["--socket", daemon.socket], width: width)
    return (run, daemon.requests)
  }

  @Test("list shows a table, and hands its filters to the daemon")
  func list() async throws {
    let answers = ["/v1/backends": try Self.list([Self.first, Self.second])]
    let (run, requests) = try await run(
      ["list", "--type", "Ollama", "--status=unhealthy", "--model", "a b&c=ü", "--type=vllm"],
      answers: answers)
    #expect(
      run.output == """
        NAME        TYPE    STATUS     URL                    SOURCE
        gpu-box-01  ollama  healthy    http://10.0.0.5:11434  mdns
        größe 😀    ollama  unhealthy  http://10.0.0.5:11434  mdns

        """)
    #expect(run.errors == "")
    #expect(run.status == .done)
    #expect(
      requests == [
        "GET /v1/backends?type=ollama&type=vllm&status=unhealthy&model=a%20b%26c%3D%C3%BC"
      ])
  }

  @Test("list --json is the daemon's own array, byte for byte")
  func listJSON() async throws {
    let array = "[{\"new\":1.0, \(try Self.text(Self.first).dropFirst())]"
    let body = "{\"revision\":7,\"backends\":\(array)}\n"
    let (run, _) = try await run(
      ["list", "--json"], answers: ["/v1/backends": FakeDaemon.json(200, body)])
    #expect(run.output == array + "\n")
  }

  @Test("list of nothing is no failure")
  func listNothing() async throws {
    let answers = ["/v1/backends": try Self.list([])]
    let plain = try await run(["list"], answers: answers).run
    #expect(plain.output == "" && plain.errors == "no backends\n" && plain.status == .done)
    let filtered = try await run(["list", "--type", "vllm"], answers: answers).run
    #expect(filtered.errors == "no backend matches\n" && filtered.status == .done)
    let json = try await run(["list", "--json"], answers: answers).run
    #expect(json.output == "[]\n" && json.errors == "" && json.status == .done)
    let names = try await run(["list", "--names"], answers: answers).run
    #expect(names.output == "" && names.errors == "" && names.status == .done)
  }

  @Test("list --names has one name a line, safe to show")
  func names() async throws {
    let answers = ["/v1/backends": try Self.list([Self.first, .example("two\nlines\u{1B}[2J")])]
    let (run, _) = try await run(["list", "--names"], answers: answers)
    #expect(run.output == "gpu-box-01\ntwo\\nlines\\u{1B}[2J\n")
    let both = try await self.run(["list", "--names", "--json"], answers: answers).run
    #expect(both.status == .wrongUsage)
  }

  @Test("show tells every field that is known")
  func show() async throws {
    let backend = BackendDocument.example {
      $0.sources = [.mdns, .scan]
      $0.addresses.append(Address(ipv6High: 0xFE80 << 48, low: 1, zone: "eth0"))
      $0.models = ["llama3:8b", "qwen2:7b"]
      $0.instance = ServiceType.defaults.first.map {
        ServiceInstance(name: "gpu-box-02", type: $0, fullName: "gpu-box-02._ollama._tcp.local")
      }
      $0.lastCheck = HealthReport(
        at: FixedClock.time.advanced(by: .seconds(-12)), latency: .microseconds(3200),
        error: "line\none")
    }
    let status = StatusDocument(
      version: "0.1.0", pid: 4711, uptime: .seconds(60), started: FixedClock.time, revision: 42,
      isReady: true, backends: .init(),
      sources: [
        SourceDocument(
          SourceStatus(
            source: .mdns, state: .down, since: FixedClock.time.advanced(by: .seconds(-300)),
            lastError: "avahi-daemon is not running", reconnects: 2))
      ])
    let (run, _) = try await run(
      ["show", "GPU-box-02"],
      answers: [
        "/v1/backends": try Self.list([Self.first, backend]),
        "/v1/status": FakeDaemon.json(200, try Self.text(status)),
      ])
    for line in [
      "Name:          gpu-box-02", "ID:            \(backend.id)",
      "URL:           http://10.0.0.5:11434", "               scan",
      "Addresses:     10.0.0.5", "               fe80::1%eth0", "Models:        llama3:8b",
      "TXT:           version=0.5.7", "Service type:  _ollama._tcp.local", "Latency:       3.2 ms",
      "Remark:        line\\none",
    ] { #expect(run.output.contains(line + "\n")) }
    #expect(run.output.contains(" (3 min ago)\n"))
    #expect(run.output.contains(" (12 s ago)\n"))
    #expect(run.output.contains("\nSource:        mdns: down since "))
    #expect(
      run.output.contains(
        " (5 min ago): avahi-daemon is not running; reconnected 2 times\n               scan\n"))
    #expect(run.status == .done)
  }

  @Test("show tells what answers contradict, and what is odd about a backend that works")
  func showHealth() async throws {
    let backend = BackendDocument.example {
      $0.detectedType = .llamacpp
      $0.lastCheck = HealthReport(at: FixedClock.time, latency: nil, error: "needs a key")
    }
    let status = StatusDocument(
      version: "0.1.0", pid: 1, uptime: .seconds(1), started: FixedClock.time, revision: 1,
      isReady: true, backends: .init(), sources: [])
    let (run, _) = try await run(
      ["show", "gpu-box-02"],
      answers: [
        "/v1/backends": try Self.list([backend]),
        "/v1/status": FakeDaemon.json(200, try Self.text(status)),
      ])
    #expect(run.output.contains("Type:        ollama\nAnswers as:  llamacpp\n"))
    #expect(run.output.contains("Remark:      needs a key\n"))
    #expect(!run.output.contains("Last error"))
  }

  @Test("show --json is the daemon's own object; an unknown name is a failure with near ones")
  func showJSON() async throws {
    let answers = ["/v1/backends": try Self.list([Self.first, Self.second])]
    let json = try await run(["show", "größe 😀", "--json"], answers: answers).run
    let expected = try Self.text(Self.second) + "\n"
    #expect(json.output == expected)
    let unknown = try await run(["show", "gpu-bxo-01"], answers: answers).run
    #expect(
      unknown.errors
        == "nexus-discovery: no backend is called \"gpu-bxo-01\"; did you mean \"gpu-box-01\"?\n")
    #expect(unknown.status == .failed && unknown.output == "")
  }

  @Test("status shows the daemon and its sources, or the document itself")
  func status() async throws {
    let now = FixedClock.time
    let document = StatusDocument(
      version: "0.1.0", pid: 4711, uptime: .seconds(11_520),
      started: now.advanced(by: .seconds(-11_520)), revision: 42, isReady: true,
      backends: .init(total: 3, healthy: 2, unknown: 1, disappeared: 1),
      sources: [
        SourceDocument(
          SourceStatus(source: .static, state: .up, since: now.advanced(by: .seconds(-11_520)))),
        SourceDocument(
          SourceStatus(
            source: .mdns, state: .down, since: now.advanced(by: .seconds(-12)),
            lastError: "Daemon not running", reconnects: 1, sightings: 9,
            limits: [SourceLimit(name: .avahiCache, message: "the cache\nis full")])),
      ],
      skipped: [.portZero: 12, .addressRefused: 3, .limit: 3, .apiPathRefused: 1])
    let body = try Self.text(document)
    let answers = ["/v1/status": FakeDaemon.json(200, body)]
    let run = try await run(["status"], answers: answers).run
    #expect(run.errors == "")
    #expect(run.output.contains("Up:        3 h 12 min, since "))
    #expect(
      run.output.contains("Backends:  3: 2 healthy, 1 unknown; 1 gone, in the grace period\n"))
    #expect(
      run.output.contains(
        "Skipped:   12 port_zero, 3 address_refused, 3 limit; in part: 1 api_path_refused\n"))
    #expect(
      run.output.hasSuffix(
        """
        SOURCE  STATE  SINCE           SIGHTINGS  RECONNECTS  LAST ERROR
        static  up     3 h 12 min ago  0          0           -
        mdns    down   12 s ago        9          1           Daemon not running

        mdns: the cache\\nis full

        """))
    let json = try await self.run(["status", "--json"], answers: answers).run
    #expect(json.output == body + "\n")
  }

  @Test("reload says nothing when all is well, and else every problem, with a status of its own")
  func reload() async throws {
    var (result, requests) = try await run(
      ["reload"], answers: ["/v1/reload": FakeDaemon.json(200, "{\"status\":\"reloaded\"}")])
    #expect(result.status == .done && result.output == "" && result.errors == "")
    #expect(requests == ["POST /v1/reload"])
    let rejection = #"{"error":{"code":"config_rejected","message":"wrong\n1:2: error: no"}}"#
    (result, _) = try await run(
      ["reload"], answers: ["/v1/reload": FakeDaemon.json(422, rejection)])
    #expect(result.status == .badConfiguration)
    #expect(result.errors == "nexus-discovery: wrong\nnexus-discovery: 1:2: error: no\n")
    let refusal = #"{"error":{"code":"forbidden","message":"only root"}}"#
    (result, _) = try await run(["reload"], answers: ["/v1/reload": FakeDaemon.json(403, refusal)])
    #expect(result.status == .failed)
    #expect(result.errors.contains("only root"))
  }

  @Test("refresh asks the daemon and says nothing")
  func refresh() async throws {
    let (run, requests) = try await run(
      ["refresh"], answers: ["/v1/refresh": FakeDaemon.json(202, "{\"status\":\"accepted\"}")])
    #expect(run.output == "" && run.errors == "" && run.status == .done)
    #expect(requests == ["POST /v1/refresh"])
  }

  @Test("what the daemon refuses or says wrongly is a failure, in one line")
  func failures() async throws {
    let refused = FakeDaemon.json(
      503, "{\"error\":{\"code\":\"x\",\"message\":\"busy\\u001b[31m\"}}")
    let answers = [refused, FakeDaemon.json(500, "oops"), FakeDaemon.json(200, "{\"revision\":1}")]
    for answer in answers {
      let run = try await run(["list"], answers: ["/v1/backends": answer]).run
      #expect(run.status == .failed)
      #expect(run.output == "")
      #expect(run.errors.hasPrefix("nexus-discovery: "))
      #expect(run.errors.split(separator: "\n").count == 1)
      #expect(!run.errors.contains("\u{1B}"))
    }
    let run = try await run(["list"], answers: ["/v1/backends": refused]).run
    #expect(run.errors == "nexus-discovery: the daemon refused: busy\\u{1B}[31m\n")
  }
}
