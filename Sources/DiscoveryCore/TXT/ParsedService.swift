/// What a service's TXT record and service type say of the server behind it, read when it is asked for.
package struct ParsedService: Hashable, Sendable {
  private let txt: TXTRecord
  private let serviceType: ServiceType

  package init(txt: TXTRecord, serviceType: ServiceType) {
    self.txt = txt
    self.serviceType = serviceType
  }

  /// TXT `type` in any case, else what the service type implies.
  package var type: BackendType {
    txt["type"].flatMap(BackendType.init(named:)) ?? BackendType(inferredFrom: serviceType)
  }

  /// "" or a checked path that begins with "/": TXT `api_path` if it is safe, else the type's own.
  package var apiPath: String { advertisedAPIPath ?? type.defaultAPIPath }

  /// The `api_path` that was advertised and is used; nil where none was.
  var advertisedAPIPath: String? {
    guard let path = txt["api_path"].map(Self.withoutLastSlash) else { return nil }
    return path.isEmpty || APIPath.isValid(path) ? path : nil
  }

  /// The `api_path` that was advertised and refused; nil where none was.
  package var refusedAPIPath: String? { advertisedAPIPath == nil ? txt["api_path"] : nil }

  package var version: String? { txt["version"].flatMap { $0.isEmpty ? nil : $0 } }

  package var info: String? { txt["info"] }

  /// Sorted, each name once.
  package var models: [String] { Self.sorted(txt.list("models") ?? txt.list("model") ?? []) }

  /// Each name once, in order: a few, which are mostly so already.
  private static func sorted(_ names: [String]) -> [String] {
    for index in names.indices.dropFirst() where names[index - 1] >= names[index] {
      return Set(names).sorted()
    }
    return names
  }

  /// "/v1/" names the same path as "/v1", and "/" none.
  private static func withoutLastSlash(_ path: String) -> String {
    path.hasSuffix("/") && !path.hasSuffix("//") ? String(path.dropLast()) : path
  }
}

extension Sighting {
  /// What its TXT record says; nil for what nobody announced.
  var said: ParsedService? {
    instance.map { ParsedService(txt: txt, serviceType: $0.type) }
  }
}
