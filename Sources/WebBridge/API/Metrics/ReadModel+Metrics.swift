import DiscoveryCore

// What `/metrics` says. Every label is one of a few fixed words, and every counter is there from the
// start, so that a rate can be made of its first change.

extension ReadModel {
  /// The daemon in Prometheus' text format; its length depends on what there is now alone.
  package func metrics() -> [UInt8] {
    var text = MetricsText()
    text.add("nexus_discovery_build_info", .gauge, help: "Always 1; the version is in the label.") {
      $0.add(1, ["version": identity.version])
    }
    let totals = counters.totals
    addBackends(to: &text)
    addSources(to: &text)
    addEvents(totals, to: &text)
    addChecks(totals.checks, to: &text)
    text.add(
      "nexus_discovery_queries_total", .counter,
      help: "Multicast DNS packets with questions sent, besides avahi-daemon's own.", totals.queries
    )
    text.add(
      "nexus_discovery_http_requests_total", .counter,
      help: "Requests that the API answered, by the status code of the answer."
    ) { family in
      for status in HTTPStatus.allCases {
        family.add(answers[status] ?? 0, ["code": "\(status.rawValue)"])
      }
    }
    text.add(
      "nexus_discovery_connections", .gauge, help: "Clients connected to the API.", connections())
    text.add(
      "nexus_discovery_watchers", .gauge, help: "Clients that follow the changes.", readers)
    text.add(
      "nexus_discovery_revision", .gauge,
      help: "The registry's revision, which grows by one with each change."
    ) { $0.add(backends.revision) }
    addProcess(to: &text)
    return text.bytes
  }

  private struct BackendLabels: Hashable {
    let source: SourceKind
    let type: BackendType
    let status: BackendStatus
  }

  /// Where a source has a backend of a type, each status is shown, and so is a source without any.
  private func addBackends(to text: inout MetricsText) {
    var counts: [BackendLabels: Int] = [:]
    func add(_ source: SourceKind, _ type: BackendType) {
      for status in BackendStatus.allCases {
        counts[BackendLabels(source: source, type: type, status: status), default: 0] += 0
      }
    }
    for backend in backends.unordered {
      counts[
        BackendLabels(source: backend.source, type: backend.type, status: backend.status),
        default: 0] += 1
    }
    for labels in Array(counts.keys) { add(labels.source, labels.type) }
    for source in enabledSources { add(source.source, .unknown) }
    let sorted = counts.sorted {
      ($0.key.source, $0.key.type, $0.key.status.rawValue)
        < ($1.key.source, $1.key.type, $1.key.status.rawValue)
    }
    text.add(
      "nexus_discovery_backends", .gauge,
      help: "Backends listed, by the source that names them, their type and health."
    ) { family in
      for (labels, count) in sorted {
        family.add(
          count,
          [
            "source": labels.source.rawValue, "type": labels.type.rawValue,
            "status": labels.status.rawValue,
          ])
      }
    }
  }

  /// Those that are switched off are left out: nobody is to be alarmed by them.
  private var enabledSources: [SourceStatus] { sources.filter { $0.state != .disabled } }

  private func addSources(to text: inout MetricsText) {
    text.add(
      "nexus_discovery_sightings", .gauge,
      help: "What each source sees; a backend may be seen several times."
    ) { family in
      for status in enabledSources {
        family.add(status.sightings, ["source": status.source.rawValue])
      }
    }
    text.add(
      "nexus_discovery_source_up", .gauge,
      help: "1 while the source works, 0 while it does not; absent when it is switched off."
    ) { family in
      for status in enabledSources {
        family.add(status.state == .up ? 1 : 0, ["source": status.source.rawValue])
      }
    }
    text.add(
      "nexus_discovery_source_reconnects_total", .counter,
      help: "How often each source worked again after a failure."
    ) { family in
      for status in enabledSources {
        family.add(status.reconnects, ["source": status.source.rawValue])
      }
    }
    text.add(
      "nexus_discovery_source_limited", .gauge,
      help: "1 while a limit keeps the source from telling all that there is."
    ) { family in
      for status in enabledSources where !status.source.isAdministered {
        let names = Set(status.limits.map(\.name))
        for name in SourceLimit.Name.allCases {
          family.add(
            names.contains(name) ? 1 : 0,
            ["source": status.source.rawValue, "limit": name.rawValue])
        }
      }
    }
  }

  private func addEvents(_ totals: DaemonCounters.Totals, to text: inout MetricsText) {
    text.add(
      "nexus_discovery_events_total", .counter,
      help: "What happened, by the names that the log has; counted also where the log is silent."
    ) { family in
      for event in LogEvent.allCases {
        family.add(totals.events[event] ?? 0, ["event": event.rawValue])
      }
    }
    text.add(
      "nexus_discovery_skipped_total", .counter,
      help: "Sightings that were refused or add nothing to what is configured, by reason."
    ) { family in
      for reason in RegistryNotice.SkipReason.allCases {
        family.add(totals.skips[reason] ?? 0, ["reason": reason.rawValue])
      }
    }
  }

  private func addChecks(_ checks: CheckTally, to text: inout MetricsText) {
    text.add(
      "nexus_discovery_health_checks_total", .counter,
      help: "Health checks that ended, by what they found."
    ) { family in
      for result in CheckTally.Result.allCases {
        family.add(checks.counts[result] ?? 0, ["result": result.rawValue])
      }
    }
    text.add(
      "nexus_discovery_health_check_duration_seconds",
      help: "How long health checks took, with all their requests.", checks.durations)
    text.add(
      "nexus_discovery_health_checks_running", .gauge,
      help: "Requests of health checks that wait for an answer.", runningChecks())
  }

  private func addProcess(to text: inout MetricsText) {
    let process = ProcessFigures.current()
    func add(_ name: String, _ kind: MetricsText.Kind = .gauge, help: String, _ value: Double?) {
      guard let value else { return }
      text.add("process_\(name)", kind, help: help) { $0.add(value) }
    }
    add(
      "cpu_seconds_total", .counter, help: "Processor time spent, user and system.",
      process.cpuSeconds)
    add(
      "resident_memory_bytes", help: "Memory in use.", process.residentMemory.map(Double.init))
    add(
      "virtual_memory_bytes", help: "Address space in use.",
      process.virtualMemory.map(Double.init))
    add("open_fds", help: "Open file descriptors.", process.openDescriptors.map(Double.init))
    add("max_fds", help: "File descriptors that may be open.", process.maximumDescriptors)
    add(
      "start_time_seconds", help: "When the daemon started, in seconds since 1970.",
      Double(identity.started.wall.milliseconds) / 1000)
  }
}
