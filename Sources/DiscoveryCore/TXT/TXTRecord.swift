/// A service's TXT record (RFC 6763 §6): attributes in wire order, the first of duplicates only.
///
/// It is one buffer, as on the wire: a record is compared and copied for every sighting, and its
/// attributes are asked for seldom.
package struct TXTRecord: Hashable, Sendable {
  /// One `key=value`; `value` is nil for a key without "=" (§6.4).
  package struct Attribute: Hashable, Sendable {
    package let key: String
    package let value: String?

    package init(key: String, value: String?) {
      self.key = key
      self.value = value
    }
  }

  /// More attributes than this are dropped.
  package static let maximumAttributes = 64
  /// So are those with a longer key or value, in bytes; what comes from the network has at most 765.
  private static let maximumLength = 0xFFFE
  /// In place of the length of a value that is not there.
  private static let noValue = 0xFFFF

  /// For each attribute the length of its key and of its value, in two bytes each, and then both.
  private var bytes: [UInt8] = []

  /// A record without attributes: none was sent, or an empty one.
  package init() {}

  /// A record of `attributes`, as if they had come in this order.
  package init(_ attributes: KeyValuePairs<String, String?>) {
    self.init(restoring: attributes.map { Attribute(key: $0.key, value: $0.value) })
  }

  /// A record of `attributes` that were in one before, where bytes that are no UTF-8 had become longer:
  /// duplicates and those past the maximum are dropped.
  package init(restoring attributes: some Sequence<Attribute>) {
    for attribute in attributes where hasRoom { add(attribute) }
    // Records are kept for as long as their servers: without what growing left over.
    bytes = bytes.withUnsafeBytes { Array($0) }
  }

  // MARK: - Reading

  /// The attributes in wire order.
  package var attributes: [Attribute] {
    places.map { Attribute(key: text($0.key), value: $0.value.map(text)) }
  }

  /// The value of `key`, which is compared without case (§6.4); nil when absent or without "=".
  package subscript(key: String) -> String? { value(of: key).map(text) }

  /// Where the value of `key` is in the record; nil when absent or without "=".
  private func value(of key: String) -> Range<Int>? {
    key.withBytes { key in
      for place in places where isKey(place.key, key) { return place.value }
      return nil
    }
  }

  /// What is between the commas of the value of `key`, without what is empty; nil when there is none.
  ///
  /// By bytes: to Swift a comma with a combining mark behind it is another character.
  func list(_ key: String) -> [String]? {
    guard let value = value(of: key) else { return nil }
    var list: [String] = []
    var start = value.lowerBound
    for end in value.lowerBound...value.upperBound {
      guard end == value.upperBound || bytes[end] == UInt8(ascii: ",") else { continue }
      if end > start { list.append(text(start..<end)) }
      start = end + 1
    }
    return list
  }

  /// True when there is an attribute `key` with a value.
  func hasValue(of key: String) -> Bool { value(of: key) != nil }

  /// Each attribute as the string that the wire has, without its length (§6.1).
  package var strings: [[UInt8]] {
    places.map { place in
      bytes[place.key] + (place.value.map { [Ascii.equals] + bytes[$0] } ?? [])
    }
  }

  /// Bytes of the record on the wire: each string after a byte for its length (§6.1).
  package var wireLength: Int {
    places.reduce(0) { $0 + 1 + $1.key.count + ($1.value.map { $0.count + 1 } ?? 0) }
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  // MARK: - Appending

  /// Takes one string of the record, at most 255 bytes as the wire has it (§6.1).
  ///
  /// A string that begins with "=" or is empty is no attribute (§6.4); a later duplicate is
  /// dropped. Bytes that are no UTF-8 become U+FFFD.
  package mutating func append(item: UnsafeBufferPointer<UInt8>) {
    guard item.count <= 255, let first = item.first, first != Ascii.equals, hasRoom else { return }
    var equals: Int?
    for (index, byte) in item.enumerated() {
      guard byte < 0x80 else { return append(repairing: item) }
      if byte == Ascii.equals, equals == nil { equals = index }
    }
    append(
      key: item[..<(equals ?? item.endIndex)],
      value: equals.map { item[($0 + 1)...] })
  }

  package mutating func append(item: [UInt8]) {
    item.withUnsafeBufferPointer { append(item: $0) }
  }

  /// The same for a string with bytes that may be no UTF-8.
  private mutating func append(repairing item: UnsafeBufferPointer<UInt8>) {
    let parts = item.split(separator: Ascii.equals, maxSplits: 1, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    add(Attribute(key: parts[0], value: parts.count > 1 ? parts[1] : nil))
  }

  /// Takes one attribute more, for a record that is to be sent; false when its key is there already.
  @discardableResult
  package mutating func add(_ attribute: Attribute) -> Bool {
    append(key: attribute.key.utf8, value: attribute.value?.utf8)
  }

  @discardableResult
  private mutating func append<Bytes: Collection<UInt8>>(key: Bytes, value: Bytes?) -> Bool {
    guard key.count <= Self.maximumLength, value?.count ?? 0 <= Self.maximumLength,
      !hasKey(key)
    else { return false }
    append(length: key.count)
    append(length: value?.count ?? Self.noValue)
    bytes.append(contentsOf: key)
    if let value { bytes.append(contentsOf: value) }
    return true
  }

  private mutating func append(length: Int) {
    bytes.append(UInt8(length >> 8))
    bytes.append(UInt8(length & 0xFF))
  }

  private func hasKey(_ key: some Collection<UInt8>) -> Bool {
    for place in places where isKey(place.key, key) { return true }
    return false
  }

  private func isKey(_ place: Range<Int>, _ key: some Collection<UInt8>) -> Bool {
    guard place.count == key.count else { return false }
    var index = place.lowerBound
    for byte in key {
      guard Ascii.lowercased(bytes[index]) == Ascii.lowercased(byte) else { return false }
      index += 1
    }
    return true
  }

  private var hasRoom: Bool {
    var count = 0
    for _ in places { count += 1 }
    return count < Self.maximumAttributes
  }

  // MARK: - Places

  /// Where an attribute is in the buffer.
  private struct Place {
    let key: Range<Int>
    let value: Range<Int>?
  }

  private var places: Places { Places(bytes: bytes) }

  private struct Places: Sequence, IteratorProtocol {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
      self.bytes = bytes
    }

    mutating func next() -> Place? {
      guard position < bytes.count else { return nil }
      let keyLength = takeLength()
      let valueLength = takeLength()
      let key = position..<position + keyLength
      guard valueLength != TXTRecord.noValue else {
        position = key.upperBound
        return Place(key: key, value: nil)
      }
      let value = key.upperBound..<key.upperBound + valueLength
      position = value.upperBound
      return Place(key: key, value: value)
    }

    private mutating func takeLength() -> Int {
      defer { position += 2 }
      return Int(bytes[position]) << 8 | Int(bytes[position + 1])
    }
  }
}
