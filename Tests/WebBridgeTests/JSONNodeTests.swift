import APIModel
import Foundation
import Testing

/// Of each kind that a document may take itself apart into.
private struct Sample: Encodable {
  struct Part: Encodable {
    var text: String?
    var number: Float
  }

  enum Kind: String, Encodable {
    case some
  }

  var flag = true
  var small: Int8 = -128
  var large = UInt64.max
  var rest: [Int] = [1, 0, -1]
  var sizes: [UInt8] = []
  var numbers = [
    0, -0.0, 0.1, 1, 1e15, 1e16, 1e21, 1e-7, 123_456_789.125, 2e-308, -1e100,
    Double.greatestFiniteMagnitude,
  ]
  var parts = [Part(text: nil, number: 0.5), Part(text: "a/b\n\"\\\u{1}é😀", number: 3)]
  var named: [String: [String?]] = ["b": ["x", nil], "a": [], "B": ["/"], "ab": []]
  var kind = Kind.some
  var none: Part?
  var empty: [String: Int] = [:]
}

/// What the compiler does not write by itself.
private struct Nested: Encodable {
  enum Key: String, CodingKey {
    case list, object, nothing
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var list = container.nestedUnkeyedContainer(forKey: .list)
    try list.encodeNil()
    try list.encode(2)
    var inner = list.nestedContainer(keyedBy: Key.self)
    try inner.encode("x", forKey: .list)
    var innermost = list.nestedUnkeyedContainer()
    try innermost.encode(contentsOf: [list.count])
    var object = container.nestedContainer(keyedBy: Key.self, forKey: .object)
    try object.encodeNil(forKey: .nothing)
    try [1].encode(to: container.superEncoder())
    try [2].encode(to: list.superEncoder())
    try [3].encode(to: container.superEncoder(forKey: .nothing))
  }
}

private struct Refusing: Encodable {
  struct Refusal: Error {}

  func encode(to encoder: any Encoder) throws { throw Refusal() }
}

@Suite("JSON of what is Encodable")
struct JSONNodeTests {
  /// What Foundation makes of it.
  private func reference(_ document: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }

  private func written(_ document: some Encodable) throws -> String {
    String(decoding: try JSONText.encode(document), as: UTF8.self)
  }

  @Test("it is, byte for byte, what Foundation writes")
  func isFoundations() throws {
    let sample = try written(Sample())
    let expected = try reference(Sample())
    #expect(sample == expected)
    let nested = try written(Nested())
    let expectedNested = try reference(Nested())
    #expect(nested == expectedNested)
    let fragment = try written("a text")
    #expect(fragment == #""a text""#)
  }

  @Test("a number that is none in JSON is refused, and so is what refuses itself")
  func isRefused() {
    #expect(throws: EncodingError.self) { try JSONText.encode([1, Double.nan]) }
    #expect(throws: EncodingError.self) { try JSONText.encode(["a": -Float.infinity]) }
    #expect(throws: Refusing.Refusal.self) { try JSONText.encode([Refusing()]) }
  }
}
