import APIModel
import DiscoveryCore

/// What a table shows of a backend.
package protocol TabledBackend {
  var name: String { get }
  var type: String { get }
  var status: String { get }
  var source: String { get }
  var url: String { get }
  var models: [String] { get }
  var isStale: Bool { get }
  var expiresAt: Timestamp? { get }
}

extension BackendDocument: TabledBackend {}

/// A backend of which no more is read than a table shows: of a thousand, that is felt.
struct ListedBackend: TabledBackend, JSONReadable {
  let name: String
  let type: String
  let status: String
  let source: String
  let url: String
  let models: [String]
  let isStale: Bool
  let expiresAt: Timestamp?

  init(_ json: JSON) throws(JSONMismatch) {
    name = try json.text("name")
    type = try json.text("type")
    status = try json.text("status")
    source = try json.text("source")
    url = try json.text("url")
    models = try json.texts("models")
    isStale = try json.flag("stale")
    expiresAt = try json.optionalTime("expires_at")
  }
}

/// The table of `list`.
package enum BackendTable {
  private static let columns = [
    Table.Column("NAME", minimum: 12, comfort: 20, importance: 9, appetite: 5),
    Table.Column("TYPE", minimum: 6, comfort: 17, importance: 5, appetite: 4),
    Table.Column("STATUS", minimum: 19, comfort: 19, importance: 8, appetite: 9),
    Table.Column("URL", minimum: 22, comfort: 32, importance: 7, appetite: 8),
    Table.Column("SOURCE", minimum: 6, comfort: 10, importance: 4, appetite: 3),
  ]
  private static let models = Table.Column(
    "MODELS", minimum: 10, comfort: 24, importance: 3, appetite: 2)

  /// `backends` in their order; the models get a column when any are known.
  package static func table(of backends: [some TabledBackend], now: WallTime) -> Table {
    let hasModels = backends.contains { !$0.models.isEmpty }
    return Table(
      columns: columns + (hasModels ? [models] : []),
      rows: backends.map { backend in
        [
          Table.Cell(backend.name), Table.Cell(backend.type),
          Table.Cell(
            StatusText.of(backend, now: now), style: StatusText.style(backend.status)),
          Table.Cell(backend.url), Table.Cell(backend.source),
        ] + (hasModels ? [Table.Cell(backend.models.joined(separator: ", "))] : [])
      })
  }
}

/// A backend's status in a few words.
package enum StatusText {
  /// `healthy`; within the grace period `unknown, 48s left`; else, when not seen since its source
  /// went or the daemon started, `healthy, stale`.
  package static func of(_ backend: some TabledBackend, now: WallTime) -> String {
    if let end = backend.expiresAt {
      let milliseconds = max(0, end.time.milliseconds - now.milliseconds)
      return "\(backend.status), \((milliseconds + 999) / 1000)s left"
    }
    return backend.isStale ? "\(backend.status), stale" : backend.status
  }

  /// The colour of a status; nil for one that a newer daemon says.
  package static func style(_ status: String) -> Style? {
    switch BackendStatus(rawValue: status) {
    case .healthy: .green
    case .unhealthy: .red
    case .unknown: .yellow
    case nil: nil
    }
  }
}
