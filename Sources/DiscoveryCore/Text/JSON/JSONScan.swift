/// A JSON text and where the values in it are.
final class JSONScan: Sendable {
  /// A value, or a member's key, which stands right before its value.
  struct Node: Sendable {
    enum Kind: UInt8 {
      case null, `true`, `false`, number, string, array, object
      /// A string with escapes in it.
      case escapedString
    }

    fileprivate let start: UInt32
    fileprivate var end: UInt32
    fileprivate var after: UInt32
    let kind: Kind

    /// Its bytes; a string's without the quotes.
    var range: Range<Int> { Int(start)..<Int(end) }
    /// The place of the node after it and all that is in it.
    var next: Int { Int(after) }
  }

  let bytes: [UInt8]
  /// The text's value, and in their order all that is in it.
  let nodes: [Node]

  init(_ bytes: [UInt8]) throws(JSON.Fault) {
    var scanner = JSONScanner(bytes)
    try scanner.scan()
    self.bytes = bytes
    nodes = scanner.nodes
  }

  /// The text that a string with escapes stands for.
  func unescaped(_ range: Range<Int>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var rest = bytes[range]
    while let byte = rest.popFirst() {
      guard byte == Ascii.backslash, let letter = rest.popFirst() else {
        text.append(byte)
        continue
      }
      switch letter {
      case UInt8(ascii: "u"): text += String(Self.scalar(&rest)).utf8
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      default: text.append(letter)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// What stands after `\u`, the second half of a surrogate pair included; half a pair is U+FFFD.
  private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
    let first = unit(rest)
    rest = rest.dropFirst(4)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, rest.starts(with: [Ascii.backslash, UInt8(ascii: "u")]) else {
      return "\u{FFFD}"
    }
    let second = unit(rest.dropFirst(2))
    guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
    rest = rest.dropFirst(6)
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private static func unit(_ digits: ArraySlice<UInt8>) -> UInt32 {
    digits.prefix(4).reduce(0) { $0 << 4 | UInt32(Ascii.hexValue($1) ?? 0) }
  }
}

/// Finds the values of a text.
private struct JSONScanner {
  let bytes: [UInt8]
  private(set) var nodes: [JSONScan.Node] = []
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func scan() throws(JSON.Fault) {
    // Places are kept in 32 bits.
    guard bytes.count < UInt32.max else { throw JSON.Fault(offset: 0) }
    // As many as there mostly are: growing to it would take more memory than all else.
    nodes.reserveCapacity(bytes.count / 12)
    try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault }
  }

  private var fault: JSON.Fault { JSON.Fault(offset: position) }

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

  private mutating func expect(_ byte: Unicode.Scalar) throws(JSON.Fault) {
    guard take(byte) else { throw fault }
  }

  // MARK: - Nodes

  /// Adds a node that ends at the present position.
  private mutating func add(_ kind: JSONScan.Node.Kind, from start: Int) {
    nodes.append(
      JSONScan.Node(
        start: UInt32(start), end: UInt32(position), after: UInt32(nodes.count + 1), kind: kind))
  }

  /// All since `place` is in it, up to the present position.
  private mutating func close(_ place: Int) {
    nodes[place].end = UInt32(position)
    nodes[place].after = UInt32(nodes.count)
  }

  private mutating func value(depth: Int) throws(JSON.Fault) {
    skipSpace()
    guard depth < JSON.maximumDepth else { throw fault }
    switch next {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true", .true)
    case UInt8(ascii: "f"): try word("false", .false)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func object(depth: Int) throws(JSON.Fault) {
    let place = nodes.count
    add(.object, from: position)
    try expect("{")
    skipSpace()
    if !take("}") {
      repeat {
        skipSpace()
        try string()
        skipSpace()
        try expect(":")
        try value(depth: depth + 1)
        skipSpace()
      } while take(",")
      try expect("}")
    }
    close(place)
  }

  private mutating func array(depth: Int) throws(JSON.Fault) {
    let place = nodes.count
    add(.array, from: position)
    try expect("[")
    skipSpace()
    if !take("]") {
      repeat {
        try value(depth: depth + 1)
        skipSpace()
      } while take(",")
      try expect("]")
    }
    close(place)
  }

  private mutating func word(
    _ word: StaticString, _ kind: JSONScan.Node.Kind
  ) throws(JSON.Fault) {
    let start = position
    for letter in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
      guard next == letter else { throw fault }
      position += 1
    }
    add(kind, from: start)
  }

  private mutating func number() throws(JSON.Fault) {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    add(.number, from: start)
  }

  private mutating func digits() throws(JSON.Fault) {
    guard let first = next, Ascii.digits.contains(first) else { throw fault }
    while let byte = next, Ascii.digits.contains(byte) { position += 1 }
  }

  private mutating func string() throws(JSON.Fault) {
    try expect("\"")
    let start = position
    var kind = JSONScan.Node.Kind.string
    skipPlain()
    while next == Ascii.backslash {
      position += 1
      kind = .escapedString
      try escape()
      skipPlain()
    }
    guard next == UInt8(ascii: "\"") else { throw fault }
    add(kind, from: start)
    position += 1
  }

  /// Goes to the next byte that does not stand for itself in a string. Most of a text is passed here.
  private mutating func skipPlain() {
    position = bytes.withUnsafeBufferPointer { bytes in
      bytes[position...].firstIndex {
        $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == Ascii.backslash
      } ?? bytes.endIndex
    }
  }

  private mutating func escape() throws(JSON.Fault) {
    switch next {
    case UInt8(ascii: "u"):
      position += 1
      for _ in 0..<4 {
        guard next.flatMap(Ascii.hexValue) != nil else { throw fault }
        position += 1
      }
    case UInt8(ascii: "\""), Ascii.backslash, Ascii.slash, UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 1
    default: throw fault
    }
  }
}
