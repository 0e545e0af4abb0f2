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
