import DiscoveryCore
import Testing

@Suite struct NamesTests {
  @Test(
    "a service type is read as people write it",
    arguments: ["_ollama._tcp", "_ollama._tcp.local", "_ollama._tcp.local.", "_Ollama._TCP"])
  func serviceType(text: String) throws {
    let type = try ServiceType(parsing: text)
    #expect(type.name == "_ollama._tcp")
    #expect(type.fullName == "_ollama._tcp.local")
  }

  @Test(
    "what is no service type says why",
    arguments: [
      ("ollama", ServiceType.Problem.notTwoLabels), ("", .notTwoLabels),
      ("_a._tcp.example", .notTwoLabels), ("_a._sctp", .unknownProtocol("_sctp")),
      ("ollama._tcp", .badServiceName("ollama")), ("_._tcp", .badServiceName("_")),
      ("_-a._tcp", .badServiceName("_-a")), ("_a-._tcp", .badServiceName("_a-")),
      ("_a--b._tcp", .badServiceName("_a--b")), ("_123._tcp", .badServiceName("_123")),
      ("_sixteenlettersss._tcp", .badServiceName("_sixteenlettersss")),
      ("_a_b._tcp", .badServiceName("_a_b")),
      ("_\u{212A}ey._tcp", .badServiceName("_\u{212A}ey")),
    ])
  func noServiceType(text: String, problem: ServiceType.Problem) {
    #expect(throws: problem) { try ServiceType(parsing: text) }
  }

  @Test("an id is the UUIDv5 that anyone can compute")
  func uuid5() {
    // python3: uuid.uuid5(uuid.NAMESPACE_DNS, "python.org") and (NAMESPACE_URL, "http://python.org/")
    #expect(
      BackendID(of: "python.org", in: .dns).description == "886313e1-3b8a-5372-9b90-0c9aee199e5d")
    #expect(
      BackendID(of: "http://python.org/", in: .url).description
        == "4c565f0d-3f5a-5890-b41b-20cf47701c5e")
    let long = String(repeating: "größe 😀 ", count: 40)
    let id = BackendID(of: long, in: .dns)
    #expect(BackendID(id.description) == id)
    #expect(BackendID(id.description.uppercased()) == id)
    #expect(BackendID(of: long, in: .dns, attempt: 1) != id)
  }

  private static let ids = [
    (39, "2f80c0d1-1c62-579f-8d68-e61ad5592c9b"), (40, "e56fd57a-7633-5e1d-8f80-70e05ac413e5"),
    (47, "a112377b-8258-5ef7-b5b0-d2540bc03abb"), (48, "83993b6c-dea9-55ca-be5b-9989c85943fc"),
    (103, "69b5a616-6ae8-5c37-8b46-37d527314c4d"), (104, "c917ca2c-8395-5e00-8f28-a898d41a4b8d"),
    (300, "8563d838-2cd7-5fbc-9b5c-88a26c27da93"),
  ]

  @Test("a name of any length has the id that others compute", arguments: Self.ids)
  func idOfLength(length: Int, id: String) {
    let name = String(repeating: "x", count: length)
    #expect(BackendID(of: name, in: .dns).description == id)
  }

  @Test("what is no UUID is refused", arguments: ["", "x", "886313e1-3b8a-5372-9b90-0c9aee199e5"])
  func noID(text: String) {
    #expect(BackendID(text) == nil)
  }

  @Test(
    "a backend type is known by any spelling seen in the field",
    arguments: [
      ("OLLAMA", BackendType.ollama), ("llama.cpp", .llamacpp), ("llama-cpp", .llamacpp),
      ("LM Studio", .lmstudio), ("openai", .openAICompatible), ("vLLM", .vllm),
    ])
  func typeNames(text: String, type: BackendType) {
    #expect(BackendType(named: text) == type)
  }

  @Test("every backend type is known by its own name", arguments: BackendType.allCases)
  func ownName(type: BackendType) {
    #expect(BackendType(named: type.rawValue) == type)
  }

  @Test(
    "a name is below .local in any case, whatever its labels hold",
    arguments: [
      ("box.local", true), ("BOX.Local.", true), (#"e\032vil.local"#, true), (#"a\\.local"#, true),
      ("local", false), (".local", false), ("notlocal", false), ("box.local.example", false),
      (#"evil\.local"#, false), (#"a\\\.local"#, false), ("", false), (".", false),
    ])
  func belowLocal(name: String, isBelow: Bool) {
    #expect(HostName.isBelowLocal(name) == isBelow)
  }

  @Test("a host name is compared without case and last dot")
  func hostNames() {
    #expect(HostName.normalized("GPU1.Local.") == "gpu1.local")
    #expect(HostName.normalized("a_b-c.local") == "a_b-c.local")
    for text in ["", ".", "a..b", "-a", "a-", "1.2.3.4", "a b", "ä.local", "a/b"] {
      #expect(HostName.normalized(text) == nil, "\(text)")
    }
    #expect(HostName.isLoopback("localhost") && HostName.isLoopback("x.localhost"))
    #expect(!HostName.isLoopback("localhost.evil"))
  }
}
