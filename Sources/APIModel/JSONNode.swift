/// A value on its way to become JSON: what is `Encodable` takes itself apart into a tree of these.
///
/// Instead of FoundationEssentials' JSONEncoder: that brings 5 MB along, tables of which stay in memory.
final class JSONNode {
  private enum Content {
    /// A value that wrote nothing has no members either.
    case nothing
    case written([UInt8])
    case members([String: JSONNode])
    case items([JSONNode])
  }

  private var content = Content.nothing

  /// What `document` is; throws what its `encode(to:)` throws, and `EncodingError` for a number that is
  /// not finite.
  static func taking(apart document: some Encodable) throws -> JSONNode {
    let node = JSONNode()
    try document.encode(to: JSONNodeEncoder(node: node))
    return node
  }

  func append(to bytes: inout [UInt8]) {
    switch content {
    case .nothing: bytes += "{}".utf8
    case .written(let text): bytes += text
    case .members(let members):
      bytes.append(UInt8(ascii: "{"))
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONText.append(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .items(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        item.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    }
  }

  // MARK: - What a value makes of it

  fileprivate var count: Int {
    if case .items(let items) = content { items.count } else { 0 }
  }

  /// Also one without members is an object.
  fileprivate func becomeObject() {
    if case .members = content { return }
    content = .members([:])
  }

  fileprivate func becomeList() {
    if case .items = content { return }
    content = .items([])
  }

  fileprivate func add(_ node: JSONNode, as key: String) {
    guard case .members(var members) = content else { return }
    content = .nothing
    members[key] = node
    content = .members(members)
  }

  fileprivate func add(_ node: JSONNode) {
    guard case .items(var items) = content else { return }
    content = .nothing
    items.append(node)
    content = .items(items)
  }

  fileprivate func write(_ text: String) {
    content = .written(Array(text.utf8))
  }

  fileprivate func quote(_ text: String) {
    var bytes: [UInt8] = []
    JSONText.append(text, to: &bytes)
    content = .written(bytes)
  }

  /// A whole number has no fraction.
  fileprivate func write(_ number: some BinaryFloatingPoint & CustomStringConvertible) throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(
        number, EncodingError.Context(codingPath: [], debugDescription: "JSON has no \(number)"))
    }
    let text = number.description
    write(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }
}

private struct JSONNodeEncoder: Encoder {
  let node: JSONNode
  // No document here asks where it is.
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(JSONMembers<Key>(node: node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeList()
    return JSONItems(node: node)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { JSONSingle(node: node) }
}

private struct JSONMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONNode
  var codingPath: [any CodingKey] { [] }

  private func member(_ key: String) -> JSONNode {
    let member = JSONNode()
    node.add(member, as: key)
    return member
  }

  func encodeNil(forKey key: Key) { member(key.stringValue).write("null") }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    node.add(try JSONNode.taking(apart: value), as: key.stringValue)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    JSONNodeEncoder(node: member(key.stringValue)).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    JSONNodeEncoder(node: member(key.stringValue)).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { JSONNodeEncoder(node: member("super")) }
  func superEncoder(forKey key: Key) -> any Encoder {
    JSONNodeEncoder(node: member(key.stringValue))
  }
}

private struct JSONItems: UnkeyedEncodingContainer {
  let node: JSONNode
  var codingPath: [any CodingKey] { [] }
  var count: Int { node.count }

  private func item() -> JSONNode {
    let item = JSONNode()
    node.add(item)
    return item
  }

  func encodeNil() { item().write("null") }

  func encode<Value: Encodable>(_ value: Value) throws {
    node.add(try JSONNode.taking(apart: value))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    JSONNodeEncoder(node: item()).container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    JSONNodeEncoder(node: item()).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { JSONNodeEncoder(node: item()) }
}

private struct JSONSingle: SingleValueEncodingContainer {
  let node: JSONNode
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { node.write("null") }
  func encode(_ value: Bool) { node.write(value ? "true" : "false") }
  func encode(_ value: String) { node.quote(value) }
  func encode(_ value: Double) throws { try node.write(value) }
  func encode(_ value: Float) throws { try node.write(value) }
  func encode(_ value: Int) { node.write(String(value)) }
  func encode(_ value: Int8) { node.write(String(value)) }
  func encode(_ value: Int16) { node.write(String(value)) }
  func encode(_ value: Int32) { node.write(String(value)) }
  func encode(_ value: Int64) { node.write(String(value)) }
  func encode(_ value: UInt) { node.write(String(value)) }
  func encode(_ value: UInt8) { node.write(String(value)) }
  func encode(_ value: UInt16) { node.write(String(value)) }
  func encode(_ value: UInt32) { node.write(String(value)) }
  func encode(_ value: UInt64) { node.write(String(value)) }

  func encode<Value: Encodable>(_ value: Value) throws {
    try value.encode(to: JSONNodeEncoder(node: node))
  }
}
