/// Writes an object member by member, in the order of the calls: for documents of which there are too many
/// to be taken apart by an encoder. Keys are written as they are.
struct JSONObjectWriter {
  private var bytes = [UInt8(ascii: "{")]

  init(capacity: Int) {
    bytes.reserveCapacity(capacity)
  }

  /// The object, with all that was added, in no more memory than it needs: it may be kept.
  func finished() -> [UInt8] {
    var object: [UInt8] = []
    object.reserveCapacity(bytes.count + 1)
    object += bytes
    object.append(UInt8(ascii: "}"))
    return object
  }

  private mutating func begin(_ key: String) {
    bytes += (bytes.count == 1 ? "\"" : ",\"").utf8
    bytes += key.utf8
    bytes += "\":".utf8
  }

  private mutating func append(_ text: String?) {
    if let text {
      JSONText.append(text, to: &bytes)
    } else {
      bytes += "null".utf8
    }
  }

  mutating func add(_ key: String, _ text: String?) {
    begin(key)
    append(text)
  }

  mutating func add(_ key: String, _ texts: [String]) {
    begin(key)
    bytes.append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(text)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func add(_ key: String, _ flag: Bool) {
    begin(key)
    bytes += (flag ? "true" : "false").utf8
  }

  mutating func add(_ key: String, _ number: Int) {
    begin(key)
    bytes += String(number).utf8
  }

  /// A number that is finite; without a fraction where it has none.
  mutating func add(_ key: String, _ number: Double?) {
    begin(key)
    let text = number?.description ?? "null"
    bytes += text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...]
  }

  /// An object of texts, in the order of their keys' bytes.
  mutating func add(_ key: String, _ texts: [String: String?]) {
    begin(key)
    bytes.append(UInt8(ascii: "{"))
    let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (index, member) in sorted.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(member.key)
      bytes.append(UInt8(ascii: ":"))
      append(member.value)
    }
    bytes.append(UInt8(ascii: "}"))
  }
}
