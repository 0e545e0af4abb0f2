import Foundation
import Testing

extension PatientLabTests {
  @Suite("Metrics", .timeLimit(.minutes(6)))
  struct Metrics {
    /// The TCP listener as it is without a configuration.
    private static let target = "127.0.0.1:6398"

    private static let promised: Set = [
      "build_info", "backends", "sightings", "source_up", "events_total", "skipped_total",
      "health_checks_total", "health_check_duration_seconds_bucket",
      "health_check_duration_seconds_sum", "health_check_duration_seconds_count",
      "queries_total", "watchers", "revision",
    ]

    @Test("promtool finds no fault with them, and a Prometheus has them all and sees them grow")
    func prometheus() async throws {
      try await withTwoHosts(givingWay: true) { alpha, beta in
        let address = await alpha.address
        _ = try await alpha.startStandIn([
          .init(port: 9001, kind: "vllm"), .init(port: 9002, kind: "ollama"),
          .init(port: 9003, behaviour: .status(503)), .init(port: 9004, behaviour: .hang),
        ])
        let statics = [
          Daemon.configured("loading", "http://\(address):9003"),
          Daemon.configured("hanging", "http://\(address):9004"),
          Daemon.configured("nobody", "http://\(address):9009"),
        ]
        let daemon = try await beta.startDaemon(
          Daemon.checking(interval: 2, timeout: 1, failures: 1, more: statics.joined()))
        _ = try await alpha.publish("one", "_llm._tcp", 9001)
        _ = try await alpha.publish("zero", "_llm._tcp", 0)
        try await daemon.backends("all checked") {
          $0.count == 4 && $0.values.allSatisfy { $0.lastCheck != nil }
            && $0["one"]?.status == "healthy"
        }
        try await checkText(try await beta.get("http://\(Self.target)/metrics"), on: beta)

        let prometheus = try await beta.startPrometheus(scraping: Self.target)
        try await prometheus.value("up") { $0 == 1 }
        try await checkValues(prometheus, statics: statics.count + 1)

        let events = #"nexus_discovery_events_total{event="discovered"}"#
        let before = try await prometheus.value(events) { $0 == 5 }
        _ = try await alpha.publish("two", "_ollama._tcp", 9002)
        try await prometheus.value(events) { $0 == before + 1 }
        try await prometheus.value("rate(\(events)[1m])") { $0 > 0 }
        try await prometheus.value(
          #"nexus_discovery_backends{source="mdns",type="ollama",status="healthy"}"#
        ) { $0 == 1 }
        try await checkRates(prometheus)
        // Prometheus waits for a second; what it cannot have by then on a busy machine is no fault.
        try await prometheus.value("avg_over_time(up[1m])") { $0 > 0.8 }
      }
    }

    private func checkText(_ text: String, on host: LabHost) async throws {
      let check = try await host.run(["promtool", "check", "metrics"], input: text)
      #expect(check.status == .status(0))
      #expect(check.output.isEmpty && check.errors.isEmpty, "\(check.output)\(check.errors)")
    }

    private func checkValues(_ prometheus: PrometheusServer, statics: Int) async throws {
      let names = try await prometheus.names()
      let missing = Self.promised.subtracting(
        names.compactMap {
          $0.hasPrefix("nexus_discovery_") ? String($0.dropFirst("nexus_discovery_".count)) : nil
        })
      #expect(missing.isEmpty)
      #expect(names.filter { $0.hasPrefix("process_") }.count == 6)
      let values: [(String, Double)] = [
        (#"sum(nexus_discovery_backends{source="static"})"#, Double(statics)),
        (#"nexus_discovery_backends{source="mdns",type="vllm",status="healthy"}"#, 1),
        (#"sum(nexus_discovery_backends{status="unhealthy"})"#, Double(statics)),
        (#"nexus_discovery_source_up{source="mdns"}"#, 1),
        (#"nexus_discovery_source_up{source="static"}"#, 1),
        (#"nexus_discovery_sightings{source="static"}"#, Double(statics)),
        (#"nexus_discovery_events_total{event="source_up"}"#, 3),
        ("count(nexus_discovery_build_info)", 1), ("nexus_discovery_watchers", 0),
      ]
      for (expression, value) in values {
        try await prometheus.value(expression) { $0 == value }
      }
      try await prometheus.value(#"nexus_discovery_skipped_total{reason="port_zero"}"#) { $0 > 0 }
      try await prometheus.value("time() - process_start_time_seconds") { $0 > 0 && $0 < 600 }
      try await prometheus.value("process_resident_memory_bytes") { $0 > 1_000_000 }
      try await prometheus.value("process_max_fds - process_open_fds") { $0 > 0 }
    }

    private func checkRates(_ prometheus: PrometheusServer) async throws {
      for result in ["success", "not_ready", "failure"] {
        try await prometheus.value(
          "rate(nexus_discovery_health_checks_total{result=\"\(result)\"}[1m])"
        ) { $0 > 0 }
      }
      try await prometheus.value("rate(nexus_discovery_queries_total[1m])") { $0 > 0 }
      let buckets = "rate(nexus_discovery_health_check_duration_seconds_bucket[1m])"
      try await prometheus.value("histogram_quantile(0.25, \(buckets))") { $0 > 0 && $0 < 1 }
      // The one that hangs takes all the time that it gets.
      try await prometheus.value("histogram_quantile(0.99, \(buckets))") { $0 > 0.5 && $0 < 2.5 }
      try await prometheus.value(
        #"rate(nexus_discovery_http_requests_total{code="200"}[1m])"#
      ) { $0 > 0 }
    }
  }
}
