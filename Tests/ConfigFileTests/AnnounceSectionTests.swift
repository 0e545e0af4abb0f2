import ConfigFile
import DiscoveryCore
import Testing

@Suite("[announce] in nexus.toml")
struct AnnounceSectionTests {
  @Test("every key is read")
  func readsEverything() throws {
    let result = ConfigFile.parse(
      """
      [announce]
      enabled = false
      auto = ["Ollama", "llama.cpp"]
      [[announce.services]]
      name = "%h größe"
      type = "_OLLAMA._tcp.local."
      port = 11434
      txt = { version = "0.5.7", b = "", a = true }
      when = "always"
      [[announce.services]]
      type = "_llm._tcp"
      port = 8000
      """, path: "f")
    #expect(result.problems == [])
    let announce = try #require(result.configuration?.announce)
    #expect(!announce.enabled)
    #expect(announce.auto == [.ollama, .llamacpp])
    let ollama = try ServiceType(parsing: "_ollama._tcp")
    let llm = try ServiceType(parsing: "_llm._tcp")
    #expect(
      announce.services == [
        AnnounceSettings.Service(
          AnnouncedService(
            name: "%h größe", type: ollama, port: 11434,
            txt: TXTRecord(["version": "0.5.7", "b": "", "a": nil])), when: .always),
        AnnounceSettings.Service(
          AnnouncedService(name: "%h", type: llm, port: 8000), when: .healthy),
      ])
  }

  @Test("without the section nothing is announced")
  func defaults() {
    let announce = ConfigFile.parse("", path: "f").configuration?.announce
    #expect(announce == AnnounceSettings())
    #expect(announce?.auto == [] && announce?.services == [] && announce?.enabled == true)
  }

  @Test("what cannot be announced is refused with the rule", arguments: Self.cases)
  func problems(_ bad: BadConfig) {
    let result = ConfigFile.parse(bad.text, path: "f")
    #expect(result.problems.map { $0.description } == bad.problems.map { "f:" + $0 })
    #expect((result.configuration == nil) == bad.problems.contains { $0.contains(": error: ") })
  }

  private static let service = "[[announce.services]]\ntype = \"_llm._tcp\"\nport = 1\n"

  private static let cases: [BadConfig] = [
    .init("announce = 5\n", "1:12: error: [announce] must be a table, but is an integer"),
    .init(
      "[announce]\nauto = [\"lmserv\", \"olama\"]\n",
      "2:9: error: each of \"auto\" in [announce] must be \(kinds), but is \"lmserv\"",
      "2:19: error: each of \"auto\" in [announce] must be \(kinds), but is \"olama\";"
        + " did you mean \"ollama\"?"),
    .init(
      "[[announce.services]]\nname = \"a\"\n",
      "1:1: error: [[announce.services]] without \"type\"",
      "1:1: error: [[announce.services]] without \"port\""),
    .init(
      "[[announce.services]]\ntype = \"_a_b._tcp\"\nport = 0\n",
      "2:8: error: bad service type \"_a_b._tcp\": \"_a_b\" must be \"_\" and 1 to 15 letters,"
        + " digits or single inner hyphens, with at least one letter (RFC 6335 §5.1)",
      "3:8: error: \"port\" in [[announce.services]] must be 1 to 65535, but is 0"),
    .init(
      service + "name = \"\"\n",
      "4:8: error: \"name\" in [[announce.services]] must not be empty (RFC 6763 §4.1.1)"),
    .init(
      service + "name = \"a\\nb\"\n",
      "4:8: error: \"name\" in [[announce.services]] must not hold control characters"
        + " (RFC 6763 §4.1.1)"),
    .init(
      service + "name = \"" + String(repeating: "ä", count: 32) + "\"\n",
      "4:8: error: \"name\" in [[announce.services]] must be at most 63 bytes long, but has 64"
        + " (RFC 6763 §4.1.1)"),
    .init(
      service + "txt = { \"ä\" = \"\", A = \"1\", a = \"2\", n = 5, long = \""
        + String(repeating: "x", count: 251) + "\" }\n",
      "4:7: error: \"txt\" in [[announce.services]] must have the key \"a\" only once, in any case"
        + " (RFC 6763 §6.4)",
      "4:15: error: \"ä\" of \"txt\" in [[announce.services]] must have a key of printable ASCII"
        + " without \"=\" (RFC 6763 §6.4)",
      "4:41: error: \"n\" of \"txt\" in [[announce.services]] must be a string, but is an integer;"
        + " write it in quotes, or true for a key without a value",
      "4:51: error: \"long\" of \"txt\" in [[announce.services]] must be at most 255 bytes long"
        + " with its key, but has 256 (RFC 6763 §6.1)"),
    .init(
      "[[announce.services]]\ntype = \"_llm._udp\"\nport = 1\nwhen = \"helthy\"\n",
      "2:8: error: only a server that speaks TCP can be asked whether it is healthy;"
        + " write when = \"always\"",
      "4:8: error: \"when\" in [[announce.services]] must be \"healthy\" or \"always\", but is"
        + " \"helthy\"; did you mean \"healthy\"?"),
    .init(
      service + service,
      "4:1: error: \"%h\" of type _llm._tcp is announced in line 1 already;"
        + " give one of the two another name"),
  ]

  private static let kinds =
    "\"ollama\", \"vllm\", \"llamacpp\", \"lmstudio\", \"localai\", \"sglang\", \"koboldcpp\" or"
    + " \"exo\""
}
