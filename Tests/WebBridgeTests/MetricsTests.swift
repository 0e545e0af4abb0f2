import DiscoveryCore
import Testing

@testable import WebBridge

@Suite("Metrics")
struct MetricsTests {
  @Test("what would break a line or a label is escaped")
  func escaping() {
    var text = MetricsText()
    text.add("one", .gauge, help: "a \"b\" c\\d\ne") {
      $0.add(1, ["name": "a \"b\" c\\d\ne", "other": "größe"])
    }
    #expect(
      String(decoding: text.bytes, as: UTF8.self) == #"""
        # HELP one a "b" c\\d\ne
        # TYPE one gauge
        one{name="a \"b\" c\\d\ne",other="größe"} 1

        """#)
  }

  @Test(
    "numbers are written as Prometheus reads them",
    arguments: [
      (0, "0"), (-2, "-2"), (1024, "1024"), (0.005, "0.005"), (1.5e-7, "1.5e-07"),
      (1_769_853_600.123, "1769853600.123"), (1e300, "1e+300"), (.infinity, "+Inf"),
      (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
  func numbers(value: Double, expected: String) {
    var text = MetricsText()
    text.add("one", .gauge, help: "") { $0.add(value) }
    #expect(String(decoding: text.bytes, as: UTF8.self).hasSuffix("\none \(expected)\n"))
  }

  @Test("a histogram is cumulative, ends with all and has its sum and count")
  func histogram() {
    var histogram = Histogram(bounds: [.milliseconds(5), .seconds(1)])
    for milliseconds in [1, 2, 500, 2000] { histogram.observe(.milliseconds(milliseconds)) }
    var text = MetricsText()
    text.add("time_seconds", help: "h", histogram)
    #expect(
      String(decoding: text.bytes, as: UTF8.self) == """
        # HELP time_seconds h
        # TYPE time_seconds histogram
        time_seconds_bucket{le="0.005"} 2
        time_seconds_bucket{le="1"} 3
        time_seconds_bucket{le="+Inf"} 4
        time_seconds_sum 2.503
        time_seconds_count 4

        """)
  }

  // MARK: - Of the daemon

  private func samples(_ model: ReadModel) throws -> [String: Double] {
    try Exposition(String(decoding: model.metrics(), as: UTF8.self)).samples
  }

  private func sources(_ states: [(SourceKind, SourceStatus.State)]) -> [SourceStatus] {
    states.map {
      SourceStatus(source: $0, state: $1, since: noon.wall, reconnects: 1, sightings: 5)
    }
  }

  @Test("every promised metric is there from the start, every counter with 0")
  func start() throws {
    let text = String(decoding: newModel().metrics(), as: UTF8.self)
    let exposition = try Exposition(text)
    #expect(
      exposition.types == [
        "nexus_discovery_build_info": "gauge", "nexus_discovery_backends": "gauge",
        "nexus_discovery_sightings": "gauge", "nexus_discovery_source_up": "gauge",
        "nexus_discovery_source_reconnects_total": "counter",
        "nexus_discovery_source_limited": "gauge",
        "nexus_discovery_events_total": "counter", "nexus_discovery_skipped_total": "counter",
        "nexus_discovery_health_checks_total": "counter",
        "nexus_discovery_health_check_duration_seconds": "histogram",
        "nexus_discovery_health_checks_running": "gauge",
        "nexus_discovery_queries_total": "counter",
        "nexus_discovery_http_requests_total": "counter",
        "nexus_discovery_connections": "gauge", "nexus_discovery_watchers": "gauge",
        "nexus_discovery_revision": "gauge",
        "process_cpu_seconds_total": "counter", "process_resident_memory_bytes": "gauge",
        "process_virtual_memory_bytes": "gauge", "process_open_fds": "gauge",
        "process_max_fds": "gauge", "process_start_time_seconds": "gauge",
      ])
    let samples = exposition.samples
    #expect(samples[#"nexus_discovery_build_info{version="1.2.3"}"#] == 1)
    for event in LogEvent.allCases {
      #expect(samples["nexus_discovery_events_total{event=\"\(event.rawValue)\"}"] == 0)
    }
    for reason in RegistryNotice.SkipReason.allCases {
      #expect(samples["nexus_discovery_skipped_total{reason=\"\(reason.rawValue)\"}"] == 0)
    }
    for result in ["success", "not_ready", "failure"] {
      #expect(samples["nexus_discovery_health_checks_total{result=\"\(result)\"}"] == 0)
    }
    for name in ["queries_total", "watchers", "health_check_duration_seconds_count"] {
      #expect(samples["nexus_discovery_\(name)"] == 0)
    }
    #expect(samples[#"nexus_discovery_health_check_duration_seconds_bucket{le="+Inf"}"#] == 0)
    #expect(samples["process_start_time_seconds"] == Double(noon.wall.milliseconds) / 1000)
    #expect(samples["process_resident_memory_bytes"] ?? 0 > 1_000_000)
    #expect(samples["process_virtual_memory_bytes"] ?? 0 > 1_000_000)
    #expect(samples["process_open_fds"] ?? 0 >= 3)
    #expect(samples["process_max_fds"] ?? 0 > samples["process_open_fds"] ?? .infinity)
    #expect(samples["process_cpu_seconds_total"] ?? 0 > 0)
  }

  @Test("backends are counted by source, type and status, and never by name")
  func backends() throws {
    let model = newModel()
    model.apply(
      RegistryUpdate(
        content: .snapshot(
          RegistrySnapshot(
            revision: 42,
            backends: [
              backend("a", status: .healthy), backend("b", status: .healthy), backend("c"),
              backend("d", type: .vllm, status: .unhealthy, sources: [.static, .mdns]),
            ])),
        sources: sources([(.static, .up), (.mdns, .down), (.scan, .disabled)])), at: noon)
    let samples = try samples(model)
    func count(_ source: String, _ type: String, _ status: String) -> Double? {
      samples[
        "nexus_discovery_backends{source=\"\(source)\",type=\"\(type)\",status=\"\(status)\"}"]
    }
    #expect(count("mdns", "ollama", "healthy") == 2)
    #expect(count("mdns", "ollama", "unknown") == 1)
    #expect(count("mdns", "ollama", "unhealthy") == 0)
    #expect(count("static", "vllm", "unhealthy") == 1)
    // Where there is nothing to count yet there is a 0 to begin from.
    #expect(count("static", "unknown", "healthy") == 0)
    #expect(count("mdns", "unknown", "unknown") == 0)
    #expect(samples.keys.count { $0.hasPrefix("nexus_discovery_backends{") } == 12)
    #expect(samples["nexus_discovery_revision"] == 42)
    #expect(samples[#"nexus_discovery_source_up{source="static"}"#] == 1)
    #expect(samples[#"nexus_discovery_source_up{source="mdns"}"#] == 0)
    #expect(samples[#"nexus_discovery_sightings{source="mdns"}"#] == 5)
    #expect(samples[#"nexus_discovery_source_reconnects_total{source="mdns"}"#] == 1)
    #expect(samples.keys.allSatisfy { !$0.contains("scan") })
  }

  @Test("a limit of a source shows while it holds")
  func limits() throws {
    let model = newModel()
    var mdns = SourceStatus(source: .mdns, state: .up, since: noon.wall)
    mdns.limits = [SourceLimit(name: .avahiCache, message: "full")]
    model.apply(RegistryUpdate(content: .changes([]), sources: [mdns]), at: noon)
    let samples = try samples(model)
    func isLimited(_ limit: String) -> Double? {
      samples["nexus_discovery_source_limited{source=\"mdns\",limit=\"\(limit)\"}"]
    }
    #expect(isLimited("avahi_cache") == 1 && isLimited("avahi_objects") == 0)
    #expect(isLimited("sightings") == 0)
  }

  @Test("what the parts counted is told, and is no longer for a longer history")
  func counters() throws {
    let counters = DaemonCounters()
    let model = ReadModel(
      identity: .init(version: "1", pid: 1, started: noon), counters: counters)
    let length = model.metrics().count
    for number in 0..<1000 {
      counters.count(.discovered)
      counters.count {
        $0.skips[.portZero, default: 0] += 1
        $0.queries += 2
        $0.checks.record(.success, taking: .milliseconds(number))
      }
    }
    model.addReader()
    let samples = try samples(model)
    #expect(samples[#"nexus_discovery_events_total{event="discovered"}"#] == 1000)
    #expect(samples[#"nexus_discovery_skipped_total{reason="port_zero"}"#] == 1000)
    #expect(samples["nexus_discovery_queries_total"] == 2000)
    #expect(samples[#"nexus_discovery_health_checks_total{result="success"}"#] == 1000)
    #expect(samples["nexus_discovery_health_check_duration_seconds_sum"] == 499.5)
    #expect(samples["nexus_discovery_watchers"] == 1)
    #expect(model.metrics().count < length + 200)
  }

  @Test("the API serves them as Prometheus asks, for GET and HEAD")
  func served() throws {
    let server = try TestServer()
    let answer = try server.client.get("/metrics")
    #expect(answer.status == 200)
    #expect(try Exposition(answer.text).samples["nexus_discovery_connections"] == 1)
    let raw = try RawConnection(server.path)
    raw.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let head = raw.receiveAll()
    #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
    #expect(head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    #expect(try server.client.send("POST", "/metrics").status == 405)
    let samples = try Exposition(try server.client.get("/metrics").text).samples
    #expect(samples[#"nexus_discovery_http_requests_total{code="200"}"#] == 2)
    #expect(samples[#"nexus_discovery_http_requests_total{code="405"}"#] == 1)
    #expect(samples[#"nexus_discovery_http_requests_total{code="503"}"#] == 0)
  }
}

/// Prometheus' text format, read strictly.
private struct Exposition {
  struct Malformed: Error {
    let line: String
  }

  /// By name.
  private(set) var types: [String: String] = [:]
  /// By name and labels, as written.
  private(set) var samples: [String: Double] = [:]

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Malformed(line: "the end") }
    var family = ""
    var helped: Set<Substring> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# HELP ") {
        guard words.count == 4, helped.insert(words[2]).inserted else {
          throw Malformed(line: String(line))
        }
      } else if line.hasPrefix("# TYPE ") {
        family = String(words[2])
        guard helped.contains(words[2]), types.updateValue(String(words[3]), forKey: family) == nil
        else { throw Malformed(line: String(line)) }
      } else {
        let form = /((\w+)(?:\{(?:\w+="[^"]*",?)+\})?) (\S+)/
        guard let match = line.wholeMatch(of: form), match.2.hasPrefix(family),
          let value = Double(match.3), samples.updateValue(value, forKey: String(match.1)) == nil
        else { throw Malformed(line: String(line)) }
      }
    }
  }
}
