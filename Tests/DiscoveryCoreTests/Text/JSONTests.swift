import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

@Suite("JSON that is read")
struct JSONTests {
  /// A whole value, to compare.
  private indirect enum Value: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Value])
    case object([Member])

    struct Member: Equatable {
      let key: String
      let value: Value
    }

    init(_ json: JSON) throws {
      if let bool = json.bool {
        self = .bool(bool)
      } else if let string = json.string {
        self = .string(string)
      } else if let number = json.double {
        self = .number(number)
      } else if let elements = json.elements {
        self = .array(try elements.map { try Value($0) })
      } else if let members = json.members {
        self = .object(try members.map { Member(key: $0.key, value: try Value($0.value)) })
      } else {
        try #require(json.isNull)
        self = .null
      }
    }
  }

  private func parse(_ text: String) throws -> JSON {
    try JSON(parsing: Array(text.utf8))
  }

  private static let values: [(String, Value)] = [
    ("null", .null), ("true", .bool(true)), (" false ", .bool(false)), ("0", .number(0)),
    ("-12.5e+3", .number(-12500)), ("1E-7", .number(1e-7)), (#""a""#, .string("a")),
    ("[]", .array([])), ("{}", .object([])),
    ("[1,\n[null]]", .array([.number(1), .array([.null])])),
    (
      #"{"a":{"b":[]},"":2}"#,
      .object([
        .init(key: "a", value: .object([.init(key: "b", value: .array([]))])),
        .init(key: "", value: .number(2)),
      ])
    ),
    (#""\u00e4\n\/\"\\\t\b\f\r""#, .string("ä\n/\"\\\t\u{8}\u{C}\r")),
    (#""\ud83d\ude00""#, .string("😀")), (#""\ud83d\u0041""#, .string("\u{FFFD}A")),
    (#""\ude00""#, .string("\u{FFFD}")), (#""\ud83dA""#, .string("\u{FFFD}A")),
  ]

  @Test("each kind of value is read, and what is in it")
  func values() throws {
    for (text, value) in Self.values {
      let parsed = try Value(parse(text))
      #expect(parsed == value, "\(text)")
    }
  }

  @Test(
    "what is no JSON says where",
    arguments: [
      ("", 0), ("<html>", 0), ("  x", 2), ("{", 1), (#"{"a" 1}"#, 5), (#"{"a":1,}"#, 7),
      ("[1 2]", 3), ("[1,]", 3), ("truE", 3), ("01", 1), ("1.", 2), ("-", 1), (#""abc"#, 4),
      ("\"a\nb\"", 2), (#""\x""#, 2), (#""\u12g4""#, 5), ("{} {}", 3), ("{1:2}", 1),
    ])
  func faults(text: String, offset: Int) {
    #expect(throws: JSON.Fault(offset: offset)) { try parse(text) }
  }

  @Test("bytes that are no UTF-8 become replacement characters, and depth has an end")
  func hostile() throws {
    let broken = try JSON(parsing: [0x22, 0xFF, 0x22])
    #expect(broken.string == "\u{FFFD}")
    let deep = String(repeating: "[", count: 1 << 20)
    #expect(throws: JSON.Fault(offset: JSON.maximumDepth)) { try parse(deep) }
  }

  @Test("the first of two equal keys wins, an escaped one too")
  func duplicates() throws {
    let value = try parse(#"{"a":1,"a":"x","\u0062":2}"#)
    #expect(value["a"]?.integer == 1)
    #expect(value["b"]?.integer == 2)
    #expect(value["c"] == nil && value[""] == nil)
    let null = try parse("null")
    #expect(null["a"] == nil && null.elements == nil && null.members == nil)
  }

  @Test("a whole number is one however it is written; what does not fit is none")
  func numbers() throws {
    let texts = [
      "7", "-7", "7.0", "70e-1", "7.5", "9223372036854775807", "9223372036854775808",
      "18446744073709551615", "1e999", "\"7\"",
    ]
    let read = try texts.map(parse)
    #expect(
      read.map(\.integer) == [7, -7, 7, 7, nil, .max, nil, nil, nil, nil])
    #expect(
      read.map(\.unsignedInteger)
        == [7, nil, 7, 7, nil, 1 << 63 - 1, 1 << 63, .max, nil, nil])
    #expect(read[4].double == 7.5 && read[8].double == nil && read[9].double == nil)
    #expect(read[8].isNumber && !read[9].isNumber)
  }

  @Test("each value is had as the very bytes that it is written with")
  func source() throws {
    let text = #" { "a" : [ 1 , {"b":"]\n\\"} ] , "c\"" : null , "d" : "\u00e4 ä" } "#
    let json = try parse(text)
    func source(_ json: JSON?) -> String? {
      json.map { String(decoding: $0.source, as: UTF8.self) }
    }
    #expect(source(json) == String(text.dropFirst().dropLast()))
    #expect(source(json["a"]) == #"[ 1 , {"b":"]\n\\"} ]"#)
    #expect(json["a"]?.elements?.map { source($0) } == ["1", #"{"b":"]\n\\"}"#])
    #expect(source(json[#"c""#]) == "null" && source(json["d"]) == #""\u00e4 ä""#)
  }

  @Test("a value of another kind than a document has there is told by its key")
  func mismatches() throws {
    let json = try parse(#"{"a":1,"n":null,"t":["x"],"m":["x",1],"f":false}"#)
    #expect(throws: JSONMismatch("\"a\" is not a string")) { try json.text("a") }
    #expect(throws: JSONMismatch("\"a\" is not a string")) { try json.optionalText("a") }
    #expect(throws: JSONMismatch("\"n\" is not a whole number")) { try json.integer("n") }
    #expect(throws: JSONMismatch("\"x\" is not true or false")) { try json.flag("x") }
    #expect(throws: JSONMismatch("\"m\" is not an array of strings")) { try json.texts("m") }
    #expect(throws: JSONMismatch("\"a\" is not an array")) { try json.array("a") }
    #expect(throws: JSONMismatch("\"t\" is not a whole number")) { try json.unsignedInteger("t") }
    #expect(throws: JSONMismatch("\"t\" is not a number")) { try json.optionalNumber("t") }
    let nothing = try json.optionalText("n") == nil && json.optionalInteger("x") == nil
    let texts = try json.texts("t")
    let flags = try [json.flag("f"), json.optionalFlag("n") ?? true]
    #expect(nothing && texts == ["x"] && flags == [false, true])
  }

  /// What reads a value in every way must not trap.
  private func readAll(_ json: JSON, of bytes: [UInt8]) {
    _ = (json.string, json.integer, json.unsignedInteger, json.double, json.bool, json["a"])
    #expect(bytes.count >= json.source.count)
    for element in json.elements ?? [] { readAll(element, of: bytes) }
    for (_, value) in json.members ?? [] { readAll(value, of: bytes) }
  }

  @Test("no bytes make it trap, and what it refuses it places inside the text", arguments: 0..<40)
  func randomBytes(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let alphabet = Array(#"{}[]",:\u0129eE+-.tfn lrsabd"#.utf8) + [0, 0x1F, 0xC3, 0xFF]
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      do throws(JSON.Fault) {
        readAll(try JSON(parsing: bytes), of: bytes)
      } catch {
        #expect((0...bytes.count).contains(error.offset), "seed \(seed)")
      }
    }
  }
}
