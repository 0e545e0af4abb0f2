import DiscoveryCore

/// A backend to be added: the body of `POST /v1/backends`.
package struct NewBackendDocument: Hashable, Sendable, Encodable {
  package var url: String
  /// Nil for the URL's host.
  package var name: String?
  /// A `BackendType`; nil for what it turns out to be.
  package var type: String?
  /// Lower is preferred.
  package var priority: Int?

  package init(url: String, name: String? = nil, type: String? = nil, priority: Int? = nil) {
    self.url = url
    self.name = name
    self.type = type
    self.priority = priority
  }
}

extension NewBackendDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    url = try json.text("url")
    name = try json.optionalText("name")
    type = try json.optionalText("type")
    priority = try json.optionalInteger("priority")
  }
}

/// A JSON object of plain values, for bodies that people write: it tells what is wrong with each.
package struct PlainObject: JSONReadable {
  package enum Value: Hashable, Sendable {
    case text(String)
    case number(Int)
    /// Something else, as it is called: "a boolean".
    case other(String)
  }

  /// By key, the first of duplicates; those that are null are absent.
  package let values: [String: Value]
  /// All keys, in order.
  package let keys: [String]

  package init(_ json: JSON) throws(JSONMismatch) {
    guard let members = json.members else { throw JSONMismatch("it is not an object") }
    keys = members.map(\.key).sorted()
    var values: [String: Value] = [:]
    var seen: Set<String> = []
    for (key, value) in members where seen.insert(key).inserted { values[key] = Self.value(value) }
    self.values = values
  }

  private static func value(_ json: JSON) -> Value? {
    if json.isNull { return nil }
    if let text = json.string { return .text(text) }
    if json.bool != nil { return .other("a boolean") }
    if let number = json.integer { return .number(number) }
    if json.isNumber { return .other("no whole number") }
    return .other(json.isObject ? "an object" : "an array")
  }
}
