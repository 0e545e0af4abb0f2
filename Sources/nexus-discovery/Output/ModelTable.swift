import APIModel
import DiscoveryCore

/// The table of `models`.
package enum ModelTable {
  private static let columns = [
    Table.Column("MODEL", minimum: 16, comfort: 40, importance: 9, appetite: 9),
    Table.Column("BACKENDS", minimum: 12, comfort: 32, importance: 8, appetite: 8),
    Table.Column("TYPE", minimum: 6, comfort: 17, importance: 5, appetite: 7),
  ]

  /// `models` in their order; a backend that is not among `backends`, since it came or went in
  /// between, is shown by the start of its id.
  package static func table(
    of models: [ModelDocument], servedBy backends: [BackendDocument]
  ) -> Table {
    let known = Dictionary(backends.map { ($0.id, $0) }) { first, _ in first }
    return Table(
      columns: columns,
      rows: models.map { model in
        let servers = model.backends.compactMap { known[$0] }
        let types = servers.map(\.type)
        return [
          Table.Cell(model.id),
          Table.Cell(
            model.backends.map { id in known[id].map(shown) ?? String(id.prefix(8)) }
              .joined(separator: ", ")),
          Table.Cell(
            types.isEmpty ? model.ownedBy : unique(types).joined(separator: ", ")),
        ]
      })
  }

  /// The name, and the status where it is not what is expected of one that serves.
  private static func shown(_ backend: BackendDocument) -> String {
    backend.status == BackendStatus.healthy.rawValue
      ? backend.name : "\(backend.name) (\(backend.status))"
  }

  private static func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }
}
