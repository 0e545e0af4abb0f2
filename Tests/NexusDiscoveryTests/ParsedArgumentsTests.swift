import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("parsed arguments")
struct ParsedArgumentsTests {
  static let kind = CommandOption(
    "kind", value: OptionValue("K", .oneOf(["red", "blue"])), help: "x")
  static let many = CommandOption(
    "many", value: OptionValue("N"), help: "x", isRepeatable: true)
  static let path = CommandOption("path", value: OptionValue("P", .path), help: "x")
  static let command = Command(
    "try", group: .tool, summary: "tries",
    operand: Operand(OptionValue("NAME"), help: "x", isRequired: true),
    options: [kind, many, path, .json], examples: [], statuses: [], run: { _, _ in .done })

  private func parse(_ arguments: String...) throws -> ParsedArguments {
    try ParsedArguments(arguments, for: Self.command)
  }

  @Test("options, values and operands arrive where the table says")
  func parses() throws {
    let arguments = try parse("--many", "1", "box", "--kind=RED", "--many=2", "--json")
    #expect(arguments.operand == "box")
    #expect(arguments.value(of: Self.kind) == "red")
    #expect(arguments.values(of: Self.many) == ["1", "2"])
    #expect(arguments.has(.json))
    #expect(!arguments.has(Self.path))
    #expect(arguments.value(of: Self.path) == nil)
  }

  @Test("--help counts as soon as it is met, whatever follows or is missing")
  func help() throws {
    #expect(try parse("--help").has(.help))
    #expect(try parse("-h", "--kind=green", "--nonsense").has(.help))
    #expect(throws: UsageError.self) { try parse("--nonsense", "--help") }
  }

  @Test(
    "what is wrong is said with what was probably meant",
    arguments: [
      (["x", "--knid", "red"], "unknown option \"--knid\"", "--kind"),
      (["x", "--frobnicate"], "unknown option \"--frobnicate\"", nil),
      (["x", "-z"], "unknown option \"-z\"", nil),
      (["x", "--kind"], "option \"--kind\" needs a K", nil),
      (["x", "--json=yes"], "option \"--json\" takes no value", nil),
      (["x", "--kind", "rde"], "--kind \"rde\" is not one of red, blue", "--kind=red"),
      (["x", "--path="], "--path must not be empty", nil),
      (["x", "--path=a", "--path=b"], "option \"--path\" is given more than once", nil),
      ([], "NAME is missing", nil),
      ([""], "NAME must not be empty", nil),
      (["a", "b"], "takes one NAME, but also got \"b\"", nil),
    ] as [([String], String, String?)])
  func refuses(arguments: [String], message: String, suggestion: String?) {
    #expect(throws: UsageError(message, suggestion: suggestion)) {
      try ParsedArguments(arguments, for: Self.command)
    }
  }

  @Test("a command without operands takes none")
  func noOperand() {
    #expect(throws: UsageError("takes no argument, but got \"a\"")) {
      try ParsedArguments(["a"], for: ListCommand.command)
    }
  }
}

@Suite("values of options")
struct ValueRuleTests {
  @Test(
    "are made the one that the program uses",
    arguments: [
      (ValueRule.backendType, "Llama.CPP", "llamacpp"), (.backendType, "OLLAMA", "ollama"),
      (.backendOrServiceType, "vllm", "vllm"),
      (.backendOrServiceType, "_Ollama._tcp.local.", "_ollama._tcp"),
      (.seconds(atMost: 10), "0.5", "0.5"), (.seconds(atMost: 10), "10", "10"),
      (.oneOf(["a", "b"]), "B", "b"), (.text, " ", " "), (.listenHost, "", ""),
      (.listenHost, "LOCALHOST", "localhost"), (.listenHost, "FE80::1%eth0", "fe80::1%eth0"),
      (.integer(1...65_535), "1", "1"), (.integer(1...65_535), "65535", "65535"),
    ])
  func accepted(rule: ValueRule, text: String, value: String) throws {
    #expect(try rule.checked(text) == value)
  }

  @Test(
    "are refused",
    arguments: [
      (ValueRule.backendType, "olama"), (.backendOrServiceType, "_ollama.tcp"),
      (.seconds(atMost: 10), "0"), (.seconds(atMost: 10), "-1"), (.seconds(atMost: 10), "11"),
      (.seconds(atMost: 10), "nan"), (.seconds(atMost: 10), "inf"), (.seconds(atMost: 10), "5s"),
      (.oneOf(["a"]), "c"), (.text, ""), (.listenHost, "gpu1"), (.listenHost, "fe80::1"),
      (.integer(1...65_535), ""), (.integer(1...65_535), "0"), (.integer(1...65_535), "65536"),
      (.integer(1...65_535), "0x50"), (.integer(1...65_535), "80 "),
    ])
  func refused(rule: ValueRule, text: String) {
    #expect(throws: ValueRule.Refusal.self) { try rule.checked(text) }
  }
}

@Suite("nearest name")
struct NearestNameTests {
  @Test(
    "is found across slips of the finger, and only then",
    arguments: [
      ("lsit", "list"), ("stauts", "status"), ("SHOW", "show"), ("wacth", "watch"),
      ("comp", "completions"), ("serv", "serve"), ("refersh", "refresh"), ("xyz", nil), ("q", nil),
      ("", nil), ("chek-config", "check-config"),
    ])
  func near(typed: String, name: String?) {
    #expect(NearestName.of(typed, among: CommandList.all.map(\.name)) == name)
  }
}

@Suite("options of the daemon's commands")
struct DaemonOptionsTests {
  @Test("serve takes what it was told and leaves the rest to the configuration")
  func serve() throws {
    let command = ServeCommand.command
    let given = try ParsedArguments(
      [
        "--config", "a.toml", "--no-discovery", "--socket=/s", "--log-level", "WARN",
        "--log-format=json", "--host", "", "--port", "080",
      ], for: command)
    let options = ServeOptions(given)
    #expect(options.config == "a.toml")
    #expect(options.noDiscovery)
    #expect(options.socket == "/s")
    #expect(options.logLevel == .warn)
    #expect(options.logFormat == .json)
    #expect(options.host == ListenHost.none && options.port == 80)
    var configuration = Configuration()
    options.override(&configuration)
    #expect(configuration.server.host == .none && configuration.server.port == 80)
    let plain = ServeOptions(try ParsedArguments([], for: command))
    #expect(plain.config == nil && plain.socket == nil && !plain.noDiscovery)
    #expect(plain.host == nil && plain.port == nil)
    #expect(plain.logLevel == nil && plain.logFormat == nil)
  }

  @Test("discover tells kinds of server from service types")
  func discover() throws {
    let command = DiscoverCommand.command
    let given = try ParsedArguments(
      ["--type", "LM Studio", "--timeout", "1.5", "--type", "_llm._tcp.local", "--json"],
      for: command)
    let options = DiscoverOptions(given)
    #expect(options.timeout == .milliseconds(1500))
    #expect(options.types == [.lmstudio])
    #expect(options.serviceTypes.map(\.name) == ["_llm._tcp"])
    #expect(options.json)
    let plain = DiscoverOptions(try ParsedArguments([], for: command))
    #expect(plain.timeout == .seconds(5) && plain.types.isEmpty && plain.serviceTypes.isEmpty)
  }

  @Test("check-config takes a path or none")
  func checkConfig() throws {
    let command = CheckConfigCommand.command
    #expect(CheckConfigOptions(try ParsedArguments(["x"], for: command)).path == "x")
    #expect(CheckConfigOptions(try ParsedArguments([], for: command)).path == nil)
  }
}
