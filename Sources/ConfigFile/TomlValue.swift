import CToml

/// A place in a TOML text: line and column count from 1, columns in characters (Unicode scalars).
struct TomlPosition: Hashable, Comparable {
  let line: Int
  let column: Int

  static func < (left: TomlPosition, right: TomlPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// A TOML value and where it stands.
struct TomlValue {
  /// Where it begins; a table with a header begins with the header.
  let position: TomlPosition
  let content: Content

  enum Content {
    case table([TomlEntry])
    case array([TomlValue])
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case date
    case time
    case dateTime
  }

  /// What it is, as a person would say it: "an integer".
  var kindName: String {
    switch content {
    case .table: "a table"
    case .array: "an array"
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a float"
    case .boolean: "a boolean"
    case .date: "a date"
    case .time: "a time"
    case .dateTime: "a date and time"
    }
  }
}

/// A key of a table and its value.
struct TomlEntry {
  let key: String
  /// Where the key was first written.
  let keyPosition: TomlPosition
  let value: TomlValue
}

/// Reads TOML v1.0: the top-level table's entries in the order in which they were written.
func parseToml(_ text: String) throws(TomlSyntaxError) -> [TomlEntry] {
  var text = text
  // The document is freed here, after everything in it was copied into values.
  guard
    let document = text.withUTF8({ utf8 in
      utf8.withMemoryRebound(to: CChar.self) { ctoml_parse($0.baseAddress, $0.count) }
    })
  else { return [] }
  defer { ctoml_free(document) }
  var position = ctoml_position()
  if let message = ctoml_error(document, &position) {
    throw TomlSyntaxError(
      description: String(message.pointee), position: TomlPosition(position), text: text)
  }
  return ctoml_root(document).map { entries(of: $0.pointee) } ?? []
}

private func entries(of table: ctoml_value) -> [TomlEntry] {
  UnsafeBufferPointer(start: table.entries, count: table.count)
    .map { entry in
      TomlEntry(
        key: String(entry.key), keyPosition: TomlPosition(entry.key_position),
        value: TomlValue(entry.value))
    }
    .sorted { $0.keyPosition < $1.keyPosition }
}

extension TomlValue {
  fileprivate init(_ value: ctoml_value) {
    position = TomlPosition(value.position)
    content =
      switch value.kind {
      case CTOML_TABLE: .table(entries(of: value))
      case CTOML_ARRAY:
        .array(
          UnsafeBufferPointer(start: value.entries, count: value.count).map { TomlValue($0.value) })
      case CTOML_STRING: .string(String(value.string))
      case CTOML_INTEGER: .integer(value.integer)
      case CTOML_FLOAT: .float(value.floating)
      case CTOML_BOOLEAN: .boolean(value.boolean)
      case CTOML_DATE: .date
      case CTOML_TIME: .time
      default: .dateTime
      }
  }
}

extension TomlPosition {
  fileprivate init(_ position: ctoml_position) {
    line = Int(position.line)
    column = Int(position.column)
  }
}

extension String {
  fileprivate init(_ text: ctoml_text) {
    self = UnsafeBufferPointer(start: text.bytes, count: text.length)
      .withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
  }
}
