/// The path of a server's API below its base URL: all of a URL that the network may choose.
package enum APIPath {
  /// The longest that is accepted, in bytes.
  package static let maximumLength = 128

  /// True when `path` cannot change where a URL leads: it starts with one "/", holds only path
  /// characters (RFC 3986 §3.3), no "//", no dot segments, also not percent-encoded.
  package static func isValid(_ path: some StringProtocol) -> Bool {
    let bytes = Array(path.utf8)
    guard bytes.first == Ascii.slash, bytes.count <= maximumLength else { return false }
    let segments = bytes.dropFirst().split(separator: Ascii.slash, omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      guard let decoded = percentDecoded(segment) else { return false }
      guard decoded != [Ascii.dot], decoded != [Ascii.dot, Ascii.dot] else { return false }
      guard !decoded.isEmpty || index == segments.count - 1 else { return false }
    }
    return true
  }

  /// The bytes that `segment` stands for; nil when it holds anything but path characters.
  private static func percentDecoded(_ segment: ArraySlice<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = segment
    while let byte = rest.popFirst() {
      if byte == Ascii.percent {
        guard let high = rest.popFirst().flatMap(Ascii.hexValue),
          let low = rest.popFirst().flatMap(Ascii.hexValue)
        else { return nil }
        let value = high << 4 | low
        guard value >= 0x20, value != Ascii.slash, value != Ascii.backslash else { return nil }
        decoded.append(value)
      } else {
        guard isPathCharacter(byte) else { return nil }
        decoded.append(byte)
      }
    }
    return decoded
  }

  /// `pchar` of RFC 3986 §3.3 but "%", and but "@" and ":", which some readers of URLs stumble over.
  private static func isPathCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case Ascii.digits, Ascii.lowercaseLetters, Ascii.uppercaseLetters: true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"): true
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"): true
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): true
    default: false
    }
  }
}
