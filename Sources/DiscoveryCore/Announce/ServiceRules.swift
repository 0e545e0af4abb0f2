/// What a service must be like to be announced, wherever it is named: in nexus.toml, on the command
/// line or by a program.
package enum ServiceRules {
  /// Bytes of an instance name (RFC 6763 §4.1.1).
  package static let longestName = 63
  /// Bytes of one `key=value` (RFC 6763 §6.1).
  package static let longestAttribute = 255
  /// Bytes of a whole TXT record, so that an answer fits one packet (RFC 6763 §6.2).
  package static let longestTXT = 1300

  /// An instance name as it is: 1 to 63 bytes of UTF-8 without control characters.
  package static func name(_ text: String) throws(TextProblem) -> String {
    guard !text.isEmpty else { throw .must("not be empty (RFC 6763 §4.1.1)") }
    guard text.utf8.count <= longestName else {
      throw .must(
        "be at most \(longestName) bytes long, but has \(text.utf8.count) (RFC 6763 §4.1.1)")
    }
    guard !text.hasControlCharacters else {
      throw .must("not hold control characters (RFC 6763 §4.1.1)")
    }
    return text
  }

  /// A service type in any of the usual spellings (RFC 6763 §7, RFC 6335 §5.1).
  package static func type(_ text: String) throws(TextProblem) -> ServiceType {
    do throws(ServiceType.Problem) {
      return try ServiceType(parsing: text)
    } catch {
      throw .bad("service type", text, error.description)
    }
  }

  /// A port that clients can connect to: port 0 says that there is none (RFC 6763 §7, RFC 6335 §6).
  package static func port(_ number: Int) throws(TextProblem) -> UInt16 {
    guard let port = UInt16(exactly: number), port > 0 else {
      throw .must("be 1 to 65535, but is \(number) (RFC 6335 §6)")
    }
    return port
  }

  /// One attribute as it is written on a command line: `key=value`, or `key` alone (RFC 6763 §6.4).
  package static func attribute(_ text: String) throws(TextProblem) -> TXTRecord.Attribute {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return try attribute(
      key: String(parts.first ?? ""), value: parts.count > 1 ? String(parts[1]) : nil)
  }

  /// One attribute; `value` is nil for a key without "=".
  package static func attribute(
    key: String, value: String?
  ) throws(TextProblem) -> TXTRecord.Attribute {
    guard !key.isEmpty else { throw .must("have a key before the \"=\" (RFC 6763 §6.4)") }
    guard key.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != Ascii.equals }) else {
      throw .must("have a key of printable ASCII without \"=\" (RFC 6763 §6.4)")
    }
    let length = key.utf8.count + (value.map { $0.utf8.count + 1 } ?? 0)
    guard length <= longestAttribute else {
      throw .must(
        "be at most \(longestAttribute) bytes long with its key, but has \(length) (RFC 6763 §6.1)")
    }
    return TXTRecord.Attribute(key: key, value: value)
  }

  /// A whole TXT record of checked attributes, in their order.
  package static func txt(
    _ attributes: [TXTRecord.Attribute]
  ) throws(TextProblem) -> TXTRecord {
    var record = TXTRecord()
    for attribute in attributes {
      guard record.attributes.count < TXTRecord.maximumAttributes else {
        throw .must("have at most \(TXTRecord.maximumAttributes) keys")
      }
      guard record.add(attribute) else {
        throw .must("have the key \"\(attribute.key)\" only once, in any case (RFC 6763 §6.4)")
      }
    }
    guard record.wireLength <= longestTXT else {
      throw .must(
        "be at most \(longestTXT) bytes in all, but has \(record.wireLength) (RFC 6763 §6.2)")
    }
    return record
  }
}
