/// What a service's TXT record and service type say of the server behind it.
package struct ParsedService: Hashable, Sendable {
  package let type: BackendType
  /// "" or a checked path that begins with "/".
  package let apiPath: String
  /// The `api_path` that was advertised and refused; nil where none was.
  package let refusedAPIPath: String?
  /// The `api_path` that was advertised and is used; nil where none was.
  let advertisedAPIPath: String?
  package let version: String?
  package let info: String?
  package let models: [String]

  /// TXT `type` in any case, else the service type; `api_path` if it is safe, else the type's own.
  package init(txt: TXTRecord, serviceType: ServiceType) {
    type = txt["type"].flatMap(BackendType.init(named:)) ?? BackendType(inferredFrom: serviceType)
    let advertised = txt["api_path"]
    let path = advertised.map(Self.withoutLastSlash) ?? type.defaultAPIPath
    let isSafe = path.isEmpty || APIPath.isValid(path)
    apiPath = isSafe ? path : type.defaultAPIPath
    refusedAPIPath = isSafe ? nil : advertised
    advertisedAPIPath = isSafe && advertised != nil ? path : nil
    version = txt["version"].flatMap { $0.isEmpty ? nil : $0 }
    info = txt["info"]
    models = Self.sorted(txt.list("models") ?? txt.list("model") ?? [])
  }

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
