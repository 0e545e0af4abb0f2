import DiscoveryCore
import FoundationEssentials

/// JSON as the product writes and reads it.
package enum JSONText {
  /// `document` on one line, the same bytes each time: keys sorted, no escaped slashes, and every
  /// control and bidirectional character as a `\u` escape, so that a terminal can show it as it is.
  package static func encode(_ document: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return escapingInvisibles(Array(try encoder.encode(document)))
  }

  /// Appends `text` as a string, the same bytes as `encode` writes: for lists that are too long to be
  /// made of documents.
  package static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.allSatisfy(isPlain) {
      bytes += text.utf8
      bytes.append(UInt8(ascii: "\""))
      return
    }
    let digits = Array("0123456789abcdef".utf8)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\u{8}": bytes += "\\b".utf8
      case "\u{C}": bytes += "\\f".utf8
      case "\n": bytes += "\\n".utf8
      case "\r": bytes += "\\r".utf8
      case "\t": bytes += "\\t".utf8
      default:
        if scalar.value < 0x20 || isInvisible(scalar) {
          appendEscape(scalar, digits, to: &bytes)
        } else {
          bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Takes a text apart that must be UTF-8, as all JSON between programs is (RFC 8259 §8.1).
  package static func parse(_ bytes: [UInt8]) throws(JSON.Fault) -> JSON {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw JSON.Fault(offset: 0) }
    return try JSON(parsing: bytes)
  }

  /// Reads one document; unknown keys are skipped.
  package static func decode<Document: JSONReadable>(
    _ type: Document.Type, from bytes: [UInt8]
  ) throws(JSONMismatch) -> Document {
    let json: JSON
    do throws(JSON.Fault) {
      json = try parse(bytes)
    } catch {
      throw JSONMismatch(error.description)
    }
    return try Document(json)
  }

  /// What stands for itself in a string.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != Ascii.backslash
  }

  /// Characters above U+007E can only stand inside of JSON's strings, where a `\u` escape says the same.
  private static func escapingInvisibles(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(where: { $0 >= 0x7F }) else { return bytes }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(bytes.count + 64)
    let digits = Array("0123456789abcdef".utf8)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      guard isInvisible(scalar) else {
        escaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        continue
      }
      appendEscape(scalar, digits, to: &escaped)
    }
    return escaped
  }

  /// `\u202e`, for a scalar of the basic plane.
  private static func appendEscape(
    _ scalar: Unicode.Scalar, _ digits: [UInt8], to bytes: inout [UInt8]
  ) {
    bytes += [Ascii.backslash, UInt8(ascii: "u")]
    for shift in [12, 8, 4, 0] as [UInt32] {
      bytes.append(digits[Int(scalar.value >> shift & 15)])
    }
  }

  /// DEL, the C1 controls, line and paragraph separators, and what changes the direction of text.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }
}
