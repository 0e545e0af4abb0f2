import DiscoveryCore
import DiscoveryTestKit
import NetworkBridge
import Testing

@Suite("The questions as packets")
struct QueryMessageTests {
  private func type(_ name: String) throws -> ServiceType {
    try ServiceType(parsing: name)
  }

  private func instance(_ name: String, _ type: ServiceType) -> ServiceInstance {
    ServiceInstance(name: name, type: type, fullName: "\(name).\(type.fullName)")
  }

  private func labels(_ labels: String...) -> [[UInt8]] {
    labels.map { Array($0.utf8) }
  }

  @Test("two questions and a known answer, byte by byte")
  func golden() throws {
    let ollama = try type("_ollama._tcp")
    let messages = QueryMessage.messages(
      asking: [ollama, try type("_llm._tcp")], known: [instance("gpu.1", ollama)])
    #expect(messages.count == 1)
    var expected: [UInt8] = [0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0]
    expected += [7] + Array("_ollama".utf8)  // offset 12
    expected += [4] + Array("_tcp".utf8)  // offset 20
    expected += [5] + Array("local".utf8) + [0]
    expected += [0, 12, 0, 1]
    expected += [4] + Array("_llm".utf8) + [0xC0, 20] + [0, 12, 0, 1]
    expected += [0xC0, 12, 0, 12, 0, 1, 0, 0, 0x11, 0x94, 0, 8]
    expected += [5] + Array("gpu.1".utf8) + [0xC0, 12]
    #expect(messages.first?.bytes == expected)
    #expect(messages.first?.knownAnswerCount == 1)
  }

  @Test("an independent decoder reads back what was asked and what is known")
  func readBack() throws {
    let types = ServiceType.defaults
    let names = ["dot.ted box", "größe 😀", "back\\slash", String(repeating: "x", count: 63)]
    let known = types.flatMap { type in names.map { instance($0, type) } }
    let message = try #require(QueryMessage.messages(asking: types, known: known).first)
    let decoded = try MessageDecoder(message.bytes)
    #expect(decoded.id == 0)
    #expect(decoded.flags == 0)
    #expect(decoded.otherCounts == [0, 0])
    #expect(
      decoded.questions
        == types.map { type in
          .init(
            name: type.fullName.split(separator: ".").map { Array($0.utf8) }, type: 12, dnsClass: 1)
        })
    #expect(decoded.answers.count == 16)
    let first = try #require(decoded.answers.first)
    #expect(
      first
        == .init(
          name: labels("_ollama", "_tcp", "local"), type: 12, dnsClass: 1, ttl: 4500,
          target: labels("dot.ted box", "_ollama", "_tcp", "local")))
  }

  @Test("a type is asked for once, and an instance given as known once")
  func repeated() throws {
    let ollama = try type("_ollama._tcp")
    let message = try #require(
      QueryMessage.messages(
        asking: [ollama, ollama], known: [instance("a", ollama), instance("a", ollama)]
      ).first)
    #expect(message.questions == [ollama])
    #expect(message.knownAnswerCount == 1)
  }

  @Test(
    "an instance that DNS has no room for, or of a type that is not asked for, is left out",
    arguments: ["", String(repeating: "y", count: 64), String(repeating: "ö", count: 32)])
  func leftOut(name: String) throws {
    let ollama = try type("_ollama._tcp")
    let message = try #require(
      QueryMessage.messages(
        asking: [ollama], known: [instance(name, ollama), instance("b", try type("_llm._tcp"))]
      ).first)
    #expect(message.knownAnswerCount == 0)
    #expect(try MessageDecoder(message.bytes).answers.isEmpty)
  }

  @Test("no types, no message")
  func empty() {
    #expect(QueryMessage.messages(asking: [], known: []).isEmpty)
  }

  @Test("known answers fill a packet to its limit and no further")
  func full() throws {
    let ollama = try type("_ollama._tcp")
    let known = (0..<1000).map { instance("host-\(1000 + $0)", ollama) }
    let message = try #require(QueryMessage.messages(asking: [ollama], known: known).first)
    let answers = try MessageDecoder(message.bytes).answers
    // 36 bytes of header and question, 24 for each answer.
    #expect(answers.count == (QueryMessage.sizeLimit - 36) / 24)
    #expect(answers.last?.target.first == Array("host-1057".utf8))
  }

  @Test("known answers that do not fit follow in messages of their own, announced by TC")
  func continued() throws {
    let ollama = try type("_ollama._tcp")
    let known = (0..<150).map { instance("host-\(1000 + $0)", ollama) }
    let messages = QueryMessage.messages(asking: [ollama], known: known)
    let decoded = try messages.map { try MessageDecoder($0.bytes) }
    #expect(decoded.map(\.flags) == [0x0200, 0x0200, 0])
    #expect(decoded.map(\.questions.count) == [1, 0, 0])
    let names = decoded.flatMap(\.answers).map(\.target.first)
    #expect(names == known.map { Array($0.name.utf8) })
    let owner = labels("_ollama", "_tcp", "local")
    #expect(decoded.flatMap(\.answers).allSatisfy { $0.name == owner })
    #expect(messages.allSatisfy { $0.bytes.count <= QueryMessage.sizeLimit })
  }

  @Test("more known answers than a socket takes at once are left out, and none is announced")
  func tooMany() throws {
    let ollama = try type("_ollama._tcp")
    let known = (0..<5000).map { instance("host-\(1000 + $0)", ollama) }
    let messages = QueryMessage.messages(asking: [ollama], known: known)
    #expect(messages.count == 1 + QueryMessage.continuationLimit)
    let flags = try messages.map { try MessageDecoder($0.bytes).flags }
    #expect(flags.dropLast().allSatisfy { $0 == 0x0200 })
    #expect(flags.last == 0)
  }

  @Test("questions that do not fit one packet go into several, each with its own known answers")
  func severalMessages() throws {
    let types = try (0..<150).map { try type("_svc-\($0)-abcdefg._\($0 % 2 == 0 ? "tcp" : "udp")") }
    let known = types.map { instance("one", $0) }
    let messages = QueryMessage.messages(asking: types, known: known)
    #expect(messages.count > 1)
    #expect(messages.flatMap(\.questions) == types)
    var asked: Set<[[UInt8]]> = []
    for message in messages {
      #expect(message.bytes.count <= QueryMessage.sizeLimit)
      let decoded = try MessageDecoder(message.bytes)
      // What follows without a question belongs to those before it.
      if !decoded.questions.isEmpty { asked = Set(decoded.questions.map(\.name)) }
      #expect(decoded.answers.allSatisfy { asked.contains($0.name) })
    }
  }

  @Test("never over the limit, and every type is asked for", arguments: UInt64(1)...50)
  func limits(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let types = try (0..<Int.random(in: 1...120, using: &random)).map { number in
      try type(
        "_t\(number)\(String(repeating: "a", count: Int.random(in: 1...11, using: &random)))._tcp")
    }
    let known = (0..<Int.random(in: 0...300, using: &random)).compactMap { number in
      types.randomElement(using: &random).map {
        instance(
          "\(number)" + String(repeating: "é", count: Int.random(in: 0...40, using: &random)), $0)
      }
    }
    let messages = QueryMessage.messages(asking: types, known: known)
    var asked: [[[UInt8]]] = []
    var targets: [[[UInt8]]] = []
    for message in messages {
      #expect(message.bytes.count <= QueryMessage.sizeLimit, "seed \(seed)")
      let decoded = try MessageDecoder(message.bytes)
      asked += decoded.questions.map(\.name)
      #expect(decoded.answers.count == message.knownAnswerCount, "seed \(seed)")
      targets += decoded.answers.map(\.target)
    }
    let wanted = known.filter { $0.name.utf8.count <= 63 }
    #expect(Set(targets).count == targets.count, "seed \(seed)")
    #expect(targets.count == wanted.count, "seed \(seed)")
    #expect(
      asked == types.map { $0.fullName.split(separator: ".").map { Array($0.utf8) } },
      "seed \(seed)")
  }
}
