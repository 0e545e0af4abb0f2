import DiscoveryCore

/// Percent-encoding (RFC 3986 §2.1) and the query form of it.
package enum PercentEncoding {
  /// The text that `encoded` stands for; nil when an escape is broken or the bytes are no UTF-8.
  /// In a form (a query) "+" stands for a space.
  package static func decode(_ encoded: some StringProtocol, isForm: Bool = false) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.utf8.count)
    var rest = encoded.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case Ascii.percent:
        guard let high = rest.next().flatMap(Ascii.hexValue),
          let low = rest.next().flatMap(Ascii.hexValue)
        else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where isForm: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// `text` as one segment of a path or one value of a query: all but unreserved characters escaped.
  package static func encode(_ text: some StringProtocol) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case Ascii.digits, Ascii.lowercaseLetters, Ascii.uppercaseLetters, Ascii.hyphen, Ascii.dot,
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [Ascii.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The names and values of a query, in order; nil when one of them cannot be decoded.
  package static func items(ofQuery query: String) -> [(name: String, value: String)]? {
    var items: [(name: String, value: String)] = []
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decode(parts[0], isForm: true),
        let value = decode(parts.count > 1 ? parts[1] : "", isForm: true)
      else { return nil }
      items.append((name, value))
    }
    return items
  }
}
