import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct JSONValueTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test(
    "each kind of value is read",
    arguments: [
      ("null", JSONValue.null), ("true", .bool(true)), (" false ", .bool(false)), ("0", .number),
      ("-12.5e+3", .number), ("1E-7", .number), (#""a""#, .string("a")), ("[]", .array([])),
      ("{}", .object([])), ("[1,\n[null]]", .array([.number, .array([.null])])),
      (
        #"{"a":{"b":[]}}"#,
        .object([.init(key: "a", value: .object([.init(key: "b", value: .array([]))]))])
      ),
      (#""\u00e4\n\/\"\\\t""#, .string("ä\n/\"\\\t")), (#""\ud83d\ude00""#, .string("😀")),
      (#""\ud83d\u0041""#, .string("\u{FFFD}A")), (#""\ude00""#, .string("\u{FFFD}")),
    ])
  func values(text: String, value: JSONValue) throws {
    let parsed = try parse(text)
    #expect(parsed == value)
  }

  @Test(
    "what is no JSON says where",
    arguments: [
      ("", 0), ("<html>", 0), ("  x", 2), ("{", 1), (#"{"a" 1}"#, 5), (#"{"a":1,}"#, 7),
      ("[1 2]", 3), ("[1,]", 3), ("truE", 3), ("01", 1), ("1.", 2), ("-", 1), (#""abc"#, 4),
      ("\"a\nb\"", 2), (#""\x""#, 2), (#""\u12g4""#, 5), ("{} {}", 3), ("{1:2}", 1),
    ])
  func faults(text: String, offset: Int) {
    #expect(throws: JSONValue.Fault(offset: offset)) { try parse(text) }
  }

  @Test("bytes that are no UTF-8 become replacement characters, and depth has an end")
  func hostile() throws {
    let broken = try JSONValue(parsing: [0x22, 0xFF, 0x22])
    #expect(broken == .string("\u{FFFD}"))
    let deep = String(repeating: "[", count: 1 << 20)
    #expect(throws: JSONValue.Fault(offset: JSONValue.maximumDepth)) { try parse(deep) }
  }

  @Test("the first of two equal keys wins")
  func duplicates() throws {
    let value = try parse(#"{"a":1,"a":"x"}"#)
    #expect(value["a"] == .number)
    #expect(value["b"] == nil)
    #expect(JSONValue.null["a"] == nil)
  }

  @Test("no bytes make it trap, and what it refuses it places inside the text", arguments: 0..<40)
  func randomBytes(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let alphabet = Array(#"{}[]",:\u0129eE+-.tfn lrsabd"#.utf8) + [0, 0x1F, 0xC3, 0xFF]
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      do throws(JSONValue.Fault) {
        _ = try JSONValue(parsing: bytes)
      } catch {
        #expect((0...bytes.count).contains(error.offset), "seed \(seed)")
      }
    }
  }
}

@Suite struct ModelListTests {
  private func list(_ text: String, _ format: ModelList.Format = .openAI) throws -> ModelList? {
    ModelList(try JSONValue(parsing: Array(text.utf8)), format: format)
  }

  @Test("names are sorted and unique, whatever else stands in the list")
  func names() throws {
    let list = try list(
      #"{"object":"list","data":[{"id":"b"},{"id":"a"},{"id":"b"},{"id":7},{},null,"x",{"id":""}]}"#
    )
    #expect(list?.names == ["a", "b"])
  }

  @Test("names that are too long or could not be shown as they are are left out")
  func unfit() throws {
    let long = String(repeating: "x", count: 257)
    let list = try list(
      #"{"models":[{"name":"a\u001b[2J"},{"name":"a\u202eb"},{"name":"\#(long)"},{"name":"ok:1b"}]}"#,
      .ollama)
    #expect(list?.names == ["ok:1b"])
  }

  @Test("of a hundred thousand models the first 1,024 are kept")
  func many() throws {
    let entries = (0..<100_000).map { #"{"id":"m\#($0)"}"# }.joined(separator: ",")
    let list = try list(#"{"object":"list","data":[\#(entries)]}"#)
    #expect(list?.names.count == 1024)
    #expect(list?.names.first == "m0")
  }

  @Test(
    "what is no list of models is none",
    arguments: [
      "[]", "{}", #"{"data":[]}"#, #"{"object":"model","data":[]}"#, #"{"object":"list"}"#,
      #"{"object":"list","data":null}"#, #"{"error":"Unexpected endpoint"}"#, "null",
    ])
  func none(text: String) throws {
    let list = try list(text)
    #expect(list == nil)
  }

  @Test("a list without models is one: Ollama may call it null")
  func empty() throws {
    let lists = try [
      list(#"{"models":null}"#, .ollama), list(#"{"models":[]}"#, .ollama),
      list(#"{"data":[]}"#, .lmStudio), list(#"{"object":"list","data":[]}"#),
    ]
    #expect(lists.allSatisfy { $0?.names == [] })
  }

  @Test("an owner counts when all models have it")
  func owners() throws {
    let one = try list(
      #"{"object":"list","data":[{"id":"a","owned_by":"vllm"},{"id":"b","owned_by":"vllm"}]}"#)
    #expect(one?.owner == .vllm)
    let two = try list(
      #"{"object":"list","data":[{"id":"a","owned_by":"vllm"},{"id":"b","owned_by":"me"}]}"#)
    #expect(two?.owner == nil)
  }
}
