/// A value in a JSON text (RFC 8259).
///
/// The text is taken apart once, and checked as a whole; strings and numbers are made of it only when they
/// are asked for.
package struct JSON: Sendable {
  /// Where a text stops being JSON.
  package struct Fault: Error, Hashable, CustomStringConvertible {
    /// Counted from 0.
    package let offset: Int

    package init(offset: Int) {
      self.offset = offset
    }

    package var description: String { "not JSON at byte \(offset)" }
  }

  /// Deeper texts are refused: nothing that a server or a daemon says is.
  package static let maximumDepth = 64

  private let text: JSONScan
  /// Its place among the text's nodes.
  private let place: Int

  /// The value that `bytes` are; those that are no UTF-8 become U+FFFD.
  package init(parsing bytes: [UInt8]) throws(Fault) {
    text = try JSONScan(bytes)
    place = 0
  }

  private init(_ text: JSONScan, at place: Int) {
    self.text = text
    self.place = place
  }

  private var node: JSONScan.Node { text.nodes[place] }

  // MARK: - What it is

  package var isNull: Bool { node.kind == .null }
  package var isNumber: Bool { node.kind == .number }
  package var isObject: Bool { node.kind == .object }

  package var bool: Bool? {
    switch node.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  package var string: String? {
    switch node.kind {
    case .string: String(decoding: text.bytes[node.range], as: UTF8.self)
    case .escapedString: text.unescaped(node.range)
    default: nil
    }
  }

  /// A number without a fraction, however it is written; nil for any other, and for what does not fit.
  package var integer: Int? {
    guard let number = numeral else { return nil }
    return Int(number) ?? Double(number).flatMap(Int.init(exactly:))
  }

  /// As `integer`, for numbers that may be larger.
  package var unsignedInteger: UInt64? {
    guard let number = numeral else { return nil }
    return UInt64(number) ?? Double(number).flatMap(UInt64.init(exactly:))
  }

  /// A number; nil for one that is too large.
  package var double: Double? {
    guard let number = numeral.flatMap(Double.init), number.isFinite else { return nil }
    return number
  }

  private var numeral: String? {
    node.kind == .number ? String(decoding: text.bytes[node.range], as: UTF8.self) : nil
  }

  /// The very bytes that it is written with.
  package var source: ArraySlice<UInt8> {
    switch node.kind {
    case .string, .escapedString: text.bytes[node.range.lowerBound - 1..<node.range.upperBound + 1]
    default: text.bytes[node.range]
    }
  }

  // MARK: - What is in it

  /// The elements of an array; nil for anything else.
  package var elements: [JSON]? {
    guard node.kind == .array else { return nil }
    var elements: [JSON] = []
    var next = place + 1
    while next < node.next {
      elements.append(JSON(text, at: next))
      next = text.nodes[next].next
    }
    return elements
  }

  /// The members of an object, in order; nil for anything else.
  package var members: [(key: String, value: JSON)]? {
    guard node.kind == .object else { return nil }
    var members: [(key: String, value: JSON)] = []
    var next = place + 1
    while next < node.next {
      members.append((JSON(text, at: next).string ?? "", JSON(text, at: next + 1)))
      next = text.nodes[next + 1].next
    }
    return members
  }

  /// The member `key` of an object, the first of duplicates; nil for anything else.
  package subscript(key: String) -> JSON? {
    guard node.kind == .object else { return nil }
    var key = key
    // Bytes beside bytes: this is most of what reading a large document takes.
    let place = key.withUTF8 { key in
      text.bytes.withUnsafeBufferPointer { placeOfMember(key, in: $0) }
    }
    return place.map { JSON(text, at: $0) }
  }

  private func placeOfMember(
    _ key: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    let end = node.next
    var next = place + 1
    while next < end {
      let name = text.nodes[next]
      let isIt =
        name.kind == .string
        ? name.range.count == key.count && key.elementsEqual(bytes[name.range])
        : key.elementsEqual(text.unescaped(name.range).utf8)
      if isIt { return next + 1 }
      next = text.nodes[next + 1].next
    }
    return nil
  }
}
