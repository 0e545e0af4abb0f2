import DiscoveryCore

/// A JSON text (RFC 8259) taken apart, as far as a server's answer needs it: numbers have no value.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Hashable, Sendable {
    let key: String
    let value: JSONValue
  }

  /// Where a text stops being JSON.
  struct Fault: Error, Hashable, CustomStringConvertible {
    /// Counted from 0.
    let offset: Int

    var description: String { "not JSON at byte \(offset)" }
  }

  /// Deeper texts are refused: nothing that a server says of itself is.
  static let maximumDepth = 64

  init(parsing bytes: [UInt8]) throws(Fault) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.text()
  }

  /// The member `key` of an object, the first of duplicates; nil for anything else.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  var isObject: Bool {
    guard case .object = self else { return false }
    return true
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func text() throws(JSONValue.Fault) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault }
    return value
  }

  private var fault: JSONValue.Fault { JSONValue.Fault(offset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D {
      position += 1
    }
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(JSONValue.Fault) {
    guard take(byte) else { throw fault }
  }

  private mutating func value(depth: Int) throws(JSONValue.Fault) -> JSONValue {
    skipSpace()
    guard depth < JSONValue.maximumDepth else { throw fault }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONValue.Fault) -> JSONValue {
    for byte in "\(word)".unicodeScalars { try expect(byte) }
    return value
  }

  private mutating func object(depth: Int) throws(JSONValue.Fault) -> JSONValue {
    try expect("{")
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let key = try string()
      skipSpace()
      try expect(":")
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONValue.Fault) -> JSONValue {
    try expect("[")
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    try expect("]")
    return .array(elements)
  }

  // MARK: - Numbers

  private mutating func number() throws(JSONValue.Fault) -> JSONValue {
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    return .number
  }

  private mutating func digits() throws(JSONValue.Fault) {
    guard let first = next, Ascii.digits.contains(first) else { throw fault }
    while let byte = next, Ascii.digits.contains(byte) { position += 1 }
  }

  // MARK: - Strings

  private mutating func string() throws(JSONValue.Fault) -> String {
    try expect("\"")
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != Ascii.backslash, byte >= 0x20 {
      position += 1
    }
    if next == UInt8(ascii: "\"") {
      defer { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }
    return try escapedString(from: start)
  }

  /// The string that begins at `start` and has its first escape at the present position.
  private mutating func escapedString(from start: Int) throws(JSONValue.Fault) -> String {
    var text = Array(bytes[start..<position])
    while let byte = next, byte >= 0x20 {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case Ascii.backslash: text.append(contentsOf: try escape())
      default: text.append(byte)
      }
    }
    throw fault
  }

  private mutating func escape() throws(JSONValue.Fault) -> [UInt8] {
    guard let byte = next else { throw fault }
    let value: UInt8
    switch byte {
    case UInt8(ascii: "u"):
      position += 1
      return Array(String(try scalar()).utf8)
    case UInt8(ascii: "\""), Ascii.backslash, Ascii.slash: value = byte
    case UInt8(ascii: "b"): value = 0x08
    case UInt8(ascii: "f"): value = 0x0C
    case UInt8(ascii: "n"): value = 0x0A
    case UInt8(ascii: "r"): value = 0x0D
    case UInt8(ascii: "t"): value = 0x09
    default: throw fault
    }
    position += 1
    return [value]
  }

  /// What stands after `\u`, the second half of a surrogate pair included; half a pair is U+FFFD.
  private mutating func scalar() throws(JSONValue.Fault) -> Unicode.Scalar {
    let first = try hexUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let after = position
    guard first < 0xDC00, take("\\"), take("u") else {
      position = after
      return "\u{FFFD}"
    }
    let second = try hexUnit()
    guard (0xDC00...0xDFFF).contains(second) else {
      position = after
      return "\u{FFFD}"
    }
    let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  private mutating func hexUnit() throws(JSONValue.Fault) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap(Ascii.hexValue) else { throw fault }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
