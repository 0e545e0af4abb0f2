/// A service's TXT record (RFC 6763 §6): attributes in wire order, the first of duplicates only.
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

  package private(set) var attributes: [Attribute] = []

  /// A record without attributes: none was sent, or an empty one.
  package init() {}

  /// A record of `attributes`, as if they had come in this order.
  package init(_ attributes: KeyValuePairs<String, String?>) {
    for (key, value) in attributes { append(Attribute(key: key, value: value)) }
  }

  /// A record of `attributes` that were in one before, where bytes that are no UTF-8 had become longer:
  /// duplicates and those past the maximum are dropped.
  package init(restoring attributes: some Sequence<Attribute>) {
    for attribute in attributes { append(attribute) }
  }

  /// The value of `key`, which is compared without case (§6.4); nil when absent or without "=".
  package subscript(key: String) -> String? {
    attributes.first { Self.isSameKey($0.key, key) }?.value
  }

  /// Takes one string of the record, at most 255 bytes as the wire has it (§6.1).
  ///
  /// A string that begins with "=" or is empty is no attribute (§6.4); a later duplicate is
  /// dropped. Bytes that are no UTF-8 become U+FFFD.
  package mutating func append(item: some Collection<UInt8>) {
    guard item.count <= 255, let first = item.first, first != Ascii.equals else { return }
    guard let equals = item.firstIndex(of: Ascii.equals) else {
      append(Attribute(key: String(decoding: item, as: UTF8.self), value: nil))
      return
    }
    append(
      Attribute(
        key: String(decoding: item[..<equals], as: UTF8.self),
        value: String(decoding: item[item.index(after: equals)...], as: UTF8.self)))
  }

  private mutating func append(_ attribute: Attribute) {
    guard attributes.count < Self.maximumAttributes else { return }
    add(attribute)
  }

  /// Takes one attribute more, for a record that is to be sent; false when its key is there already.
  @discardableResult
  package mutating func add(_ attribute: Attribute) -> Bool {
    guard !attributes.contains(where: { Self.isSameKey($0.key, attribute.key) }) else {
      return false
    }
    attributes.append(attribute)
    return true
  }

  /// Each attribute as the string that the wire has, without its length (§6.1).
  package var strings: [[UInt8]] {
    attributes.map { attribute in
      Array(attribute.key.utf8) + (attribute.value.map { [Ascii.equals] + Array($0.utf8) } ?? [])
    }
  }

  /// Bytes of the record on the wire: each string after a byte for its length (§6.1).
  package var wireLength: Int { strings.reduce(0) { $0 + 1 + $1.count } }

  private static func isSameKey(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count
      && left.utf8.elementsEqual(right.utf8) { Ascii.lowercased($0) == Ascii.lowercased($1) }
  }
}
