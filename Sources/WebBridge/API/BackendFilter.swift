import DiscoveryCore

/// Which backends a list shows: `?type=&status=&source=&model=`. The values of one name, repeated or
/// with commas between, are alternatives; all names must hold; an empty value asks for nothing.
package struct BackendFilter: Hashable, Sendable {
  /// Why a query is no filter, in a sentence for people.
  package struct Problem: Error, Hashable, Sendable {
    package let message: String
  }

  private var types: Set<BackendType> = []
  private var statuses: Set<BackendStatus> = []
  private var sources: Set<SourceKind> = []
  private var models: Set<String> = []

  /// The filter of a query as it stands in a URL.
  package init(query: String) throws(Problem) {
    guard let items = PercentEncoding.items(ofQuery: query) else {
      throw Problem(message: "the query is not properly percent-encoded")
    }
    for (name, value) in items {
      for part in value.split(separator: ",") {
        let text = String(part)
        switch name {
        case "type":
          types.insert(try Self.parse(name, text, BackendType.init(named:)))
        case "status":
          statuses.insert(try Self.parse(name, text, BackendStatus.init(rawValue:)))
        case "source":
          sources.insert(try Self.parse(name, text, SourceKind.init(rawValue:)))
        case "model": models.insert(text)
        default: break
        }
      }
      guard ["type", "status", "source", "model"].contains(name) else {
        throw Problem(
          message: "there is no filter \"\(name)\"; there are type, status, source and model")
      }
    }
  }

  /// True when it shows every backend.
  package var isEmpty: Bool {
    types.isEmpty && statuses.isEmpty && sources.isEmpty && models.isEmpty
  }

  /// True when the list shows `backend`; a source counts when any of its sources is asked for.
  package func admits(_ backend: Backend) -> Bool {
    (types.isEmpty || types.contains(backend.type))
      && (statuses.isEmpty || statuses.contains(backend.status))
      && (sources.isEmpty || backend.sources.contains(where: sources.contains))
      && (models.isEmpty || backend.models.contains(where: models.contains))
  }

  /// True when a list of models shows `model`, if it shows any of its backends.
  package func admits(model: String) -> Bool {
    models.isEmpty || models.contains(model)
  }

  private static func parse<Value: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ text: String, _ read: (String) -> Value?
  ) throws(Problem) -> Value {
    if let value = read(text) { return value }
    let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw Problem(message: "\"\(text)\" is no \(name); there are \(known)")
  }
}
