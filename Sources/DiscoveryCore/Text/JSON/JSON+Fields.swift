/// A value that is not what a document has in its place.
package struct JSONMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  /// `"port" is not a whole number`.
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// A document that can be made of JSON; keys that it does not know mean nothing to it.
package protocol JSONReadable {
  init(_ json: JSON) throws(JSONMismatch)
}

extension JSON: JSONReadable {
  package init(_ json: JSON) {
    self = json
  }
}

// The values of an object by their keys. Where one may be missing, null says the same.

extension JSON {
  package func text(_ key: String) throws(JSONMismatch) -> String {
    guard let value = self[key]?.string else { throw Self.mismatch(key, "a string") }
    return value
  }

  package func optionalText(_ key: String) throws(JSONMismatch) -> String? {
    guard let value = optional(key) else { return nil }
    guard let text = value.string else { throw Self.mismatch(key, "a string") }
    return text
  }

  package func texts(_ key: String) throws(JSONMismatch) -> [String] {
    guard let value = self[key] else { throw Self.mismatch(key, "an array of strings") }
    return try value.texts(of: key)
  }

  /// Its own elements, in an error called by `key`.
  package func texts(of key: String) throws(JSONMismatch) -> [String] {
    guard let elements else { throw Self.mismatch(key, "an array of strings") }
    return try elements.map { element throws(JSONMismatch) in
      guard let text = element.string else { throw Self.mismatch(key, "an array of strings") }
      return text
    }
  }

  package func flag(_ key: String) throws(JSONMismatch) -> Bool {
    guard let value = self[key]?.bool else { throw Self.mismatch(key, "true or false") }
    return value
  }

  package func optionalFlag(_ key: String) throws(JSONMismatch) -> Bool? {
    optional(key) == nil ? nil : try flag(key)
  }

  package func integer(_ key: String) throws(JSONMismatch) -> Int {
    guard let value = self[key]?.integer else { throw Self.mismatch(key, "a whole number") }
    return value
  }

  package func unsignedInteger(_ key: String) throws(JSONMismatch) -> UInt64 {
    guard let value = self[key]?.unsignedInteger else {
      throw Self.mismatch(key, "a whole number")
    }
    return value
  }

  package func optionalNumber(_ key: String) throws(JSONMismatch) -> Double? {
    guard let value = optional(key) else { return nil }
    guard let number = value.double else { throw Self.mismatch(key, "a number") }
    return number
  }

  package func optionalInteger(_ key: String) throws(JSONMismatch) -> Int? {
    optional(key) == nil ? nil : try integer(key)
  }

  package func array(_ key: String) throws(JSONMismatch) -> [JSON] {
    guard let elements = self[key]?.elements else { throw Self.mismatch(key, "an array") }
    return elements
  }

  /// The documents of an array. Inlinable, as is the next: other modules have documents of their own.
  @inlinable package func documents<Document: JSONReadable>(
    _ type: Document.Type, _ key: String
  ) throws(JSONMismatch) -> [Document] {
    try array(key).map { element throws(JSONMismatch) in try Document(element) }
  }

  @inlinable package func optionalDocuments<Document: JSONReadable>(
    _ type: Document.Type, _ key: String
  ) throws(JSONMismatch) -> [Document]? {
    optional(key) == nil ? nil : try documents(type, key)
  }

  package func optionalArray(_ key: String) throws(JSONMismatch) -> [JSON]? {
    optional(key) == nil ? nil : try array(key)
  }

  /// The value of `key` unless it is null.
  package func optional(_ key: String) -> JSON? {
    self[key].flatMap { $0.isNull ? nil : $0 }
  }

  /// The value of `key` is not what it should be.
  package static func mismatch(_ key: String, _ wanted: String) -> JSONMismatch {
    JSONMismatch("\"\(key)\" is not \(wanted)")
  }
}

extension Array: JSONReadable where Element: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    guard let elements = json.elements else { throw JSONMismatch("it is not an array") }
    self = try elements.map { element throws(JSONMismatch) in try Element(element) }
  }
}
