/// A backend to be added: the body of `POST /v1/backends`.
package struct NewBackendDocument: Hashable, Sendable, Codable {
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

/// A JSON object of plain values, for bodies that people write: it tells what is wrong with each.
package struct PlainObject: Decodable {
  package enum Value: Hashable, Sendable {
    case text(String)
    case number(Int)
    /// Something else, as it is called: "a boolean".
    case other(String)
  }

  /// By key; those that are null are absent.
  package let values: [String: Value]
  /// All keys, in order.
  package let keys: [String]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
      self.stringValue = stringValue
    }

    init?(intValue: Int) {
      nil
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    keys = container.allKeys.map(\.stringValue).sorted()
    var values: [String: Value] = [:]
    for key in container.allKeys {
      guard try !container.decodeNil(forKey: key) else { continue }
      values[key.stringValue] = Self.value(of: key, in: container)
    }
    self.values = values
  }

  private static func value(of key: Key, in container: KeyedDecodingContainer<Key>) -> Value {
    if let text = try? container.decode(String.self, forKey: key) { return .text(text) }
    if (try? container.decode(Bool.self, forKey: key)) != nil { return .other("a boolean") }
    if let number = try? container.decode(Int.self, forKey: key) { return .number(number) }
    if (try? container.decode(Double.self, forKey: key)) != nil {
      return .other("no whole number")
    }
    if (try? container.nestedUnkeyedContainer(forKey: key)) != nil { return .other("an array") }
    return .other("an object")
  }
}
