import ConfigFile
import DiscoveryTestKit
import Testing

@Suite("Damaged files")
struct MutationTests {
  private static let good = Array(
    """
    [server]
    socket = "/run/nexus-discovery/api.sock"
    [discovery]
    service_types = ["_ollama._tcp.local", "_llm._tcp"]
    grace_period_seconds = 1.5
    interfaces = ["eth0"]
    trust = { allow = ["10.0.0.0/8"], deny = [], allow_public = false }
    [[backends]]
    name = "größe 😀"
    url = 'http://10.0.0.5:11434'
    type = "ollama" # a comment
    priority = 1
    [[backends]]
    name = \"""
    b\"""
    url = "https://[fd00::1]/v1"
    [[announce.services]]
    type = "_llm._tcp"
    port = 8000
    txt = { version = "1", b = true }
    [logging]
    level = "info"
    [routing]
    at = 1979-05-27T07:32:00Z

    """.utf8)

  @Test("are a configuration, or an error with a line inside the file", arguments: UInt64(0)..<40)
  func neverCrash(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for round in 0..<100 {
      var bytes = Self.good
      for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, &random) }
      let result = ConfigFile.parse(bytes: bytes, path: "f")
      let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
      #expect(
        (result.configuration == nil) == !result.errors.isEmpty, "seed \(seed), round \(round)")
      for problem in result.problems {
        let isInside = problem.line.map { (1...lines).contains($0) } ?? false
        let isPlain = problem.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        #expect(isInside && (problem.column ?? 0) > 0, "seed \(seed), round \(round): \(problem)")
        #expect(isPlain, "seed \(seed), round \(round): \(problem)")
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard let index = bytes.indices.randomElement(using: &random) else { return }
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[index] = .random(in: 0...255, using: &random)
    case 1: bytes.remove(at: index)
    case 2: bytes.insert(.random(in: 0...127, using: &random), at: index)
    case 3: bytes.insert(Array("[]{}=\"'#.,\n".utf8).randomElement(using: &random) ?? 0, at: index)
    case 4: bytes.removeSubrange(index..<min(index + 20, bytes.count))
    case 5:
      let end = min(index + Int.random(in: 1...60, using: &random), bytes.count)
      bytes.insert(
        contentsOf: bytes[index..<end], at: bytes.indices.randomElement(using: &random) ?? 0)
    default: bytes.removeSubrange(index...)
    }
  }

  @Test(
    "are refused without exhausting the stack",
    arguments: [
      String(repeating: "a.", count: 500_000) + "b = 1",
      "[" + String(repeating: "a.", count: 500_000) + "b]",
      "[" + String(repeating: "\"a\" . ", count: 100_000) + "b]",
      "a = " + String(repeating: "[", count: 1_000_000),
      "a = " + String(repeating: "{b=", count: 300_000),
      "a = { " + String(repeating: "'x'.", count: 200_000) + "b = 1 }",
    ])
  func deepNesting(_ text: String) {
    let result = ConfigFile.parse(text, path: "f")
    #expect(result.configuration == nil)
    #expect(result.errors.first?.line == 1)
  }

  @Test("with the deepest keys and values that are allowed are read")
  func allowedNesting() {
    let key = Array(repeating: "a", count: 32).joined(separator: ".")
    var value = "1"
    for _ in 0..<30 { value = "{ \(key) = \(value) }" }
    let result = ConfigFile.parse("[\(key)]\n\(key) = \(value)\n", path: "f")
    #expect(result.problems.map { $0.message } == ["unknown section \"a\""])
  }
}
