import APIModel
import DiscoveryCore

/// What `status` says of the daemon.
package enum StatusReport {
  /// The daemon as a block of fields.
  package static func fields(
    of status: StatusDocument, socket: String, now: WallTime
  ) -> FieldList {
    var fields = FieldList()
    fields.add("Version", status.version)
    fields.add("Process", "\(status.pid)")
    fields.add("Socket", socket)
    fields.add(
      "Up",
      "\(LocalTime.rough(Int64(status.uptimeSeconds))), since \(LocalTime.date(status.started.time))"
    )
    fields.add(
      "Ready", status.isReady ? "yes" : "not yet", style: status.isReady ? .green : .yellow)
    fields.add("Revision", "\(status.revision)")
    fields.add("Backends", counts(status.backends))
    fields.add("Checks", status.runningChecks > 0 ? "\(status.runningChecks) under way" : nil)
    fields.add("Skipped", skipped(status.skipped))
    return fields
  }

  /// Where the backends come from.
  package static func sources(of status: StatusDocument, now: WallTime) -> Table {
    let hasErrors = status.sources.contains { $0.lastError != nil }
    let columns = [
      Table.Column("SOURCE", minimum: 10, comfort: 10, importance: 9, appetite: 9),
      Table.Column("STATE", minimum: 8, comfort: 8, importance: 8, appetite: 8),
      Table.Column("SINCE", minimum: 14, comfort: 14, importance: 5, appetite: 6),
      Table.Column("SIGHTINGS", minimum: 9, comfort: 9, importance: 4, appetite: 5),
      Table.Column("RECONNECTS", minimum: 10, comfort: 10, importance: 3, appetite: 4),
    ]
    let error = Table.Column("LAST ERROR", minimum: 12, comfort: 24, importance: 6, appetite: 3)
    return Table(
      columns: columns + (hasErrors ? [error] : []),
      rows: status.sources.map { source in
        [
          Table.Cell(source.source), Table.Cell(source.state, style: style(source.state)),
          Table.Cell(LocalTime.relative(source.since.time, now: now)),
          Table.Cell("\(source.sightings)"), Table.Cell("\(source.reconnects)"),
        ] + (hasErrors ? [Table.Cell(source.lastError ?? "")] : [])
      })
  }

  /// The services of this machine; nil without any.
  package static func announcements(of status: StatusDocument) -> Table? {
    guard let announcements = status.announcements, !announcements.isEmpty else { return nil }
    let hasReasons = announcements.contains { $0.reason != nil }
    let columns = [
      Table.Column("ANNOUNCED", minimum: 9, comfort: 20, importance: 9, appetite: 9),
      Table.Column("TYPE", minimum: 8, comfort: 12, importance: 7, appetite: 7),
      Table.Column("PORT", minimum: 5, comfort: 5, importance: 6, appetite: 6),
      Table.Column("STATE", minimum: 9, comfort: 9, importance: 8, appetite: 8),
    ]
    let reason = Table.Column("REASON", minimum: 12, comfort: 24, importance: 5, appetite: 3)
    return Table(
      columns: columns + (hasReasons ? [reason] : []),
      rows: announcements.map { service in
        [
          Table.Cell(service.instance ?? service.name), Table.Cell(service.type),
          Table.Cell("\(service.port)"),
          Table.Cell(service.state.rawValue, style: style(service.state)),
        ] + (hasReasons ? [Table.Cell(service.reason ?? "")] : [])
      })
  }

  private static func style(_ state: AnnouncementDocument.State) -> Style? {
    switch state {
    case .announced: .green
    case .pending: .yellow
    case .withheld: .dim
    }
  }

  /// What keeps sources from telling all that there is, a line for each limit.
  package static func limits(of status: StatusDocument) -> [String] {
    status.sources.flatMap { source in
      source.limits.map { PlainText.cleaned("\(source.source): \($0.message)") }
    }
  }

  /// `12: 10 healthy, 1 unhealthy, 1 unknown; 1 gone and waited for`.
  private static func counts(_ counts: StatusDocument.Counts) -> String {
    let parts = [
      (counts.healthy, "healthy"), (counts.unhealthy, "unhealthy"), (counts.unknown, "unknown"),
    ]
    .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    let gone = counts.disappeared > 0 ? "; \(counts.disappeared) gone, in the grace period" : ""
    let detail = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    return "\(counts.total)\(detail)\(gone)"
  }

  /// `12 port_zero, 3 address_refused; in part: 1 api_path_refused`.
  private static func skipped(_ counts: [String: Int]) -> String {
    func list(inPart: Bool) -> String {
      counts.filter { (RegistryNotice.SkipReason(rawValue: $0.key)?.isInPart ?? false) == inPart }
        .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
    let inPart = list(inPart: true)
    return [list(inPart: false), inPart.isEmpty ? "" : "in part: \(inPart)"]
      .filter { !$0.isEmpty }.joined(separator: "; ")
  }

  private static func style(_ state: String) -> Style? {
    switch SourceStatus.State(rawValue: state) {
    case .up: .green
    case .down: .red
    case .waiting: .yellow
    case .disabled: .dim
    case nil: nil
    }
  }
}
