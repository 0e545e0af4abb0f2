import DiscoveryCore
import Testing

@Suite("A service to announce")
struct AnnouncedServiceTests {
  private static let type = ServiceType.defaults[0]

  @Test("%h is the host's name and %% a percent sign", arguments: Self.names)
  func expands(_ name: String, _ expected: String) {
    let service = AnnouncedService(name: name, type: Self.type, port: 1)
    #expect(service.instanceName(onHost: "box") == expected)
  }

  private static let names = [
    ("%h", "box"), ("a %h b", "a box b"), ("%h%h", "boxbox"), ("%%h", "%h"), ("100%", "100%"),
    ("%x", "%x"), ("%%%h", "%box"), ("plain", "plain"),
  ]

  @Test("a name that the host's makes too long is cut between characters")
  func cuts() {
    let service = AnnouncedService(name: "%h ü", type: Self.type, port: 1)
    let host = String(repeating: "h", count: 61)
    #expect(service.instanceName(onHost: host) == host + " ")
  }

  @Test("an attribute is written as key=value or as a key alone", arguments: Self.attributes)
  func readsAttribute(_ text: String, _ key: String, _ value: String?) throws {
    let attribute = try ServiceRules.attribute(text)
    #expect(attribute == TXTRecord.Attribute(key: key, value: value))
  }

  private static let attributes: [(String, String, String?)] = [
    ("a=b", "a", "b"), ("a=", "a", ""), ("a", "a", nil), ("a=b=c", "a", "b=c"),
    ("a b=ü", "a b", "ü"),
  ]

  @Test("a bad attribute is refused with the rule", arguments: Self.badAttributes)
  func refusesAttribute(_ text: String, _ rule: String) {
    let refusal = refusal { () throws(TextProblem) in _ = try ServiceRules.attribute(text) }
    #expect(refusal?.contains(rule) == true)
  }

  private static let badAttributes = [
    ("", "RFC 6763 §6.4"), ("=x", "RFC 6763 §6.4"), ("ü=x", "RFC 6763 §6.4"),
    ("a\n=x", "RFC 6763 §6.4"), ("a=" + String(repeating: "x", count: 254), "RFC 6763 §6.1"),
  ]

  @Test("a record of too many bytes, or with a key twice, is refused")
  func refusesRecord() throws {
    let long = (0..<6).map {
      TXTRecord.Attribute(key: "k\($0)", value: String(repeating: "x", count: 250))
    }
    let tooLong = refusal { () throws(TextProblem) in _ = try ServiceRules.txt(long) }
    #expect(tooLong == "it must be at most 1300 bytes in all, but has 1524 (RFC 6763 §6.2)")
    let record = try ServiceRules.txt(Array(long.prefix(5)))
    #expect(record.wireLength == 1270)
    let twice = [TXTRecord.Attribute(key: "a", value: nil), .init(key: "A", value: "1")]
    let repeated = refusal { () throws(TextProblem) in _ = try ServiceRules.txt(twice) }
    #expect(repeated == "it must have the key \"A\" only once, in any case (RFC 6763 §6.4)")
  }

  private func refusal(_ body: () throws(TextProblem) -> Void) -> String? {
    do throws(TextProblem) {
      try body()
      return nil
    } catch {
      return error.message(at: "it")
    }
  }
}
