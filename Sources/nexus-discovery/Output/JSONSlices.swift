import DiscoveryCore

/// Parts of a JSON document as the very bytes that were received, so that what a newer daemon says
/// reaches scripts whole. The document must be valid: decode it first.
package enum JSONSlices {
  /// The value of `key` in the object `document`; nil when it is not there.
  package static func value(of key: String, in document: [UInt8]) -> [UInt8]? {
    let name = Array("\"\(key)\"".utf8)
    for member in parts(of: document) {
      guard member.starts(with: name) else { continue }
      let rest = member.dropFirst(name.count).drop(while: isSpace)
      guard rest.first == Ascii.colon else { continue }
      return trimmed(rest.dropFirst())
    }
    return nil
  }

  /// The elements of the array `document`.
  package static func elements(of document: [UInt8]) -> [[UInt8]] {
    parts(of: document).map(trimmed)
  }

  /// What stands between the commas of the outermost array or object.
  private static func parts(of document: [UInt8]) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var depth = 0
    var start = 0
    var isInString = false
    var isEscaped = false
    for (index, byte) in document.enumerated() {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == Ascii.backslash {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth == 1 { start = index + 1 }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { parts.append(document[start..<index]) }
      case UInt8(ascii: ",") where depth == 1:
        parts.append(document[start..<index])
        start = index + 1
      default:
        break
      }
    }
    return parts.map { $0.drop(while: isSpace) }.filter { !$0.isEmpty }
  }

  /// `bytes` without white space around them.
  package static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes.drop(while: isSpace)
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return Array(bytes)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
